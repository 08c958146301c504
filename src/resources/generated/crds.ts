// Generated from crds/ by `npm run generate`: change the CRD, not this file.
import type { CustomResourceDefinition } from '../types.ts'

export const crds: readonly CustomResourceDefinition[] = [
  {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {
      "name": "agents.calendar-operator.io",
      "labels": {
        "app.kubernetes.io/name": "calendar-operator",
        "app.kubernetes.io/part-of": "calendar-operator"
      }
    },
    "spec": {
      "group": "calendar-operator.io",
      "scope": "Namespaced",
      "names": {
        "kind": "Agent",
        "listKind": "AgentList",
        "plural": "agents",
        "singular": "agent",
        "shortNames": [
          "agt"
        ],
        "categories": [
          "calendar"
        ]
      },
      "versions": [
        {
          "name": "v1alpha1",
          "served": true,
          "storage": true,
          "subresources": {
            "status": {}
          },
          "selectableFields": [
            {
              "jsonPath": ".spec.account"
            },
            {
              "jsonPath": ".spec.integrationRef.name"
            },
            {
              "jsonPath": ".spec.publish.calendar.name"
            }
          ],
          "additionalPrinterColumns": [
            {
              "name": "Ready",
              "type": "string",
              "description": "Whether the calendars are connected, read and published",
              "jsonPath": ".status.conditions[?(@.type==\"Ready\")].status"
            },
            {
              "name": "Reason",
              "type": "string",
              "description": "Why it is, or is not, ready",
              "jsonPath": ".status.conditions[?(@.type==\"Ready\")].reason"
            },
            {
              "name": "Account",
              "type": "string",
              "description": "The Google account",
              "jsonPath": ".spec.account"
            },
            {
              "name": "Last Sync",
              "type": "date",
              "description": "When the calendars were last read, as of the last heartbeat",
              "jsonPath": ".status.sync.lastSyncTime"
            },
            {
              "name": "Sign In By",
              "type": "string",
              "description": "When the grant ends, if known",
              "jsonPath": ".status.authorization.expiresAt"
            },
            {
              "name": "Age",
              "type": "date",
              "jsonPath": ".metadata.creationTimestamp"
            },
            {
              "name": "Integration",
              "type": "string",
              "priority": 1,
              "description": "The CalendarIntegration that it uses",
              "jsonPath": ".spec.integrationRef.name"
            },
            {
              "name": "Busy",
              "type": "integer",
              "priority": 1,
              "description": "How many busy intervals are published",
              "jsonPath": ".status.sync.busyIntervals"
            },
            {
              "name": "Watching",
              "type": "string",
              "priority": 1,
              "description": "Whether Google announces changes of the calendars",
              "jsonPath": ".status.conditions[?(@.type==\"Watching\")].status"
            },
            {
              "name": "Message",
              "type": "string",
              "priority": 1,
              "description": "What is wrong, and what to do",
              "jsonPath": ".status.conditions[?(@.type==\"Ready\")].message"
            }
          ],
          "schema": {
            "openAPIV3Schema": {
              "type": "object",
              "description": "Agent is a person whose Google calendars are connected: who must have granted access, which calendars are read, and where the result is published.",
              "required": [
                "spec"
              ],
              "x-kubernetes-validations": [
                {
                  "rule": "size(self.metadata.name) <= 240",
                  "message": "metadata.name must have at most 240 characters, so that NAME-google-grant is the legal name of a Secret"
                },
                {
                  "rule": "!has(self.spec.grantSecretRef) || self.spec.grantSecretRef.name != self.metadata.name + '-google-grant'",
                  "fieldPath": ".spec.grantSecretRef.name",
                  "message": "must not be NAME-google-grant, the Secret in which the operator keeps the grant; give the Secret that you bring another name"
                }
              ],
              "properties": {
                "apiVersion": {
                  "type": "string",
                  "description": "The version of this schema, calendar-operator.io/v1alpha1."
                },
                "kind": {
                  "type": "string",
                  "description": "Agent."
                },
                "metadata": {
                  "type": "object"
                },
                "spec": {
                  "type": "object",
                  "description": "Whose calendars are read, and where the result is published.",
                  "required": [
                    "integrationRef",
                    "account"
                  ],
                  "x-kubernetes-validations": [
                    {
                      "rule": "!has(self.grantSecretRef) || !has(self.publish.calendar) || self.publish.calendar.kind != 'Secret' || self.publish.calendar.name != self.grantSecretRef.name",
                      "fieldPath": ".publish.calendar.name",
                      "message": "must not be the Secret named by grantSecretRef, which is read and never written; publish to another name"
                    },
                    {
                      "rule": "!has(self.grantSecretRef) || !has(self.publish.accessToken) || self.publish.accessToken.name != self.grantSecretRef.name",
                      "fieldPath": ".publish.accessToken.name",
                      "message": "must not be the Secret named by grantSecretRef, which is read and never written; publish to another name"
                    }
                  ],
                  "properties": {
                    "integrationRef": {
                      "type": "object",
                      "description": "The CalendarIntegration through which the calendars are connected.",
                      "required": [
                        "name"
                      ],
                      "properties": {
                        "name": {
                          "type": "string",
                          "description": "The CalendarIntegration's name.",
                          "minLength": 1,
                          "maxLength": 253,
                          "x-kubernetes-validations": [
                            {
                              "rule": "self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$')",
                              "message": "must be the name of a CalendarIntegration, of lower case letters, digits, '-' and '.', such as google"
                            }
                          ]
                        },
                        "namespace": {
                          "type": "string",
                          "description": "The CalendarIntegration's namespace; by default the Agent's own. An integration in another namespace must admit the Agent's namespace by its allowedNamespaces.",
                          "minLength": 1,
                          "maxLength": 63,
                          "x-kubernetes-validations": [
                            {
                              "rule": "self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$')",
                              "message": "must be the name of a namespace, of lower case letters, digits and '-', such as booking"
                            }
                          ]
                        }
                      }
                    },
                    "account": {
                      "type": "string",
                      "description": "The Google account, by its e-mail address. Only a grant of this account is accepted; case is ignored, and googlemail.com is the same as gmail.com.",
                      "minLength": 1,
                      "maxLength": 254,
                      "x-kubernetes-validations": [
                        {
                          "rule": "self.matches(\"^[^@\\\\s<>,;]+@[^@\\\\s<>,;]+[.][^@\\\\s<>,;.]+$\")",
                          "message": "must be the e-mail address of one Google account, for example alice@example.com"
                        }
                      ]
                    },
                    "displayName": {
                      "type": "string",
                      "description": "The person's name, for people who read the manifest; nothing depends on it.",
                      "minLength": 1,
                      "maxLength": 253
                    },
                    "calendars": {
                      "type": "object",
                      "description": "The person's calendars.",
                      "default": {},
                      "properties": {
                        "read": {
                          "type": "array",
                          "description": "The ids of the calendars that are read and merged; primary is the account's own. The published time zone is that of the first one.",
                          "default": [
                            "primary"
                          ],
                          "minItems": 1,
                          "maxItems": 50,
                          "x-kubernetes-list-type": "set",
                          "items": {
                            "type": "string",
                            "description": "A calendar's id, as its settings show it under \"Integrate calendar\", such as team@group.calendar.google.com.",
                            "minLength": 1,
                            "maxLength": 512,
                            "x-kubernetes-validations": [
                              {
                                "rule": "!self.matches(\"\\\\s\")",
                                "message": "must be a calendar's id, not its name, for example primary or team@group.calendar.google.com"
                              },
                              {
                                "rule": "self != \".\" && self != \"..\" && !self.matches(\"[\\u0000-\\u001f\\u007f-\\u009f\\u061c\\u200b-\\u200f\\u202a-\\u202e\\u2060-\\u206f\\ufeff]\")",
                                "message": "must be a calendar's id, without control characters, and neither . nor .., for example primary or team@group.calendar.google.com"
                              }
                            ]
                          }
                        },
                        "write": {
                          "type": "string",
                          "description": "The id of the calendar that Bookings are written to; primary is the account's own. Unless it is set, nothing is written. What is booked in it counts as busy, even if read does not name it.",
                          "minLength": 1,
                          "maxLength": 512,
                          "x-kubernetes-validations": [
                            {
                              "rule": "!self.matches(\"\\\\s\")",
                              "message": "must be a calendar's id, not its name, for example primary or team@group.calendar.google.com"
                            },
                            {
                              "rule": "self != \".\" && self != \"..\" && !self.matches(\"[\\u0000-\\u001f\\u007f-\\u009f\\u061c\\u200b-\\u200f\\u202a-\\u202e\\u2060-\\u206f\\ufeff]\")",
                              "message": "must be a calendar's id, without control characters, and neither . nor .., for example primary or team@group.calendar.google.com"
                            }
                          ]
                        }
                      }
                    },
                    "busy": {
                      "type": "object",
                      "description": "Which events count as busy, where people's habits differ.",
                      "default": {},
                      "properties": {
                        "tentative": {
                          "type": "string",
                          "description": "Events that are tentative, or were answered with \"maybe\".",
                          "enum": [
                            "Busy",
                            "Free"
                          ],
                          "default": "Busy"
                        },
                        "allDay": {
                          "type": "string",
                          "description": "All-day events.",
                          "enum": [
                            "Busy",
                            "Free"
                          ],
                          "default": "Busy"
                        }
                      }
                    },
                    "publish": {
                      "type": "object",
                      "description": "What programs in the cluster can see. With neither calendar nor accessToken, the account is connected and its calendars are read, but nothing is published.",
                      "default": {},
                      "x-kubernetes-validations": [
                        {
                          "rule": "!has(self.calendar) || !has(self.accessToken) || self.calendar.kind != 'Secret' || self.calendar.name != self.accessToken.name",
                          "fieldPath": ".accessToken.name",
                          "message": "must not be the Secret that the calendar is published to; give the access token a Secret of its own"
                        }
                      ],
                      "properties": {
                        "calendar": {
                          "type": "object",
                          "description": "The object that the calendar is published to, in the Agent's namespace. The operator creates it; an existing object that does not belong to this Agent is never touched.",
                          "required": [
                            "name"
                          ],
                          "x-kubernetes-validations": [
                            {
                              "rule": "self.detail != 'Full' || self.kind == 'Secret'",
                              "fieldPath": ".detail",
                              "reason": "FieldValueForbidden",
                              "message": "detail Full is allowed only where kind is Secret; set kind to Secret, or detail to Busy"
                            }
                          ],
                          "properties": {
                            "kind": {
                              "type": "string",
                              "description": "Whether it is a ConfigMap or a Secret.",
                              "enum": [
                                "ConfigMap",
                                "Secret"
                              ],
                              "default": "ConfigMap"
                            },
                            "name": {
                              "type": "string",
                              "description": "The name of the ConfigMap or Secret.",
                              "minLength": 1,
                              "maxLength": 253,
                              "x-kubernetes-validations": [
                                {
                                  "rule": "self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$')",
                                  "message": "must be the name of a ConfigMap or Secret, of lower case letters, digits, '-' and '.', such as alice-calendar"
                                },
                                {
                                  "rule": "!self.endsWith('-google-grant') && self != 'calendar-operator-keys'",
                                  "message": "must not be calendar-operator-keys or end in -google-grant, names that are reserved for what the operator stores; publish to another name"
                                }
                              ]
                            },
                            "detail": {
                              "type": "string",
                              "description": "Busy: busy.json (or .ics), when the person is busy and nothing else. Full: also events.json (or .ics), with titles, places and attendees; only in a Secret.",
                              "enum": [
                                "Busy",
                                "Full"
                              ],
                              "default": "Busy"
                            },
                            "formats": {
                              "type": "array",
                              "description": "The formats: JSON for programs, ICalendar for calendar clients.",
                              "default": [
                                "JSON"
                              ],
                              "minItems": 1,
                              "maxItems": 2,
                              "x-kubernetes-list-type": "set",
                              "items": {
                                "type": "string",
                                "enum": [
                                  "JSON",
                                  "ICalendar"
                                ]
                              }
                            }
                          }
                        },
                        "accessToken": {
                          "type": "object",
                          "description": "A Secret, in the Agent's namespace, with an access token that is always valid, for programs that call Google themselves: access_token, expires_at, token_type. It never holds the refresh token.",
                          "required": [
                            "name"
                          ],
                          "properties": {
                            "name": {
                              "type": "string",
                              "description": "The Secret's name.",
                              "minLength": 1,
                              "maxLength": 253,
                              "x-kubernetes-validations": [
                                {
                                  "rule": "self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$')",
                                  "message": "must be the name of a Secret, of lower case letters, digits, '-' and '.', such as alice-google-token"
                                },
                                {
                                  "rule": "!self.endsWith('-google-grant') && self != 'calendar-operator-keys'",
                                  "message": "must not be calendar-operator-keys or end in -google-grant, names that are reserved for what the operator stores; publish to another name"
                                }
                              ]
                            }
                          }
                        },
                        "staleAfter": {
                          "type": "string",
                          "description": "How long what is published may be trusted after the calendars were read (freshUntil); in effect never less than twice the integration's sync.interval. A duration in h, m and s, at least 30s.",
                          "default": "15m",
                          "minLength": 1,
                          "maxLength": 24,
                          "x-kubernetes-validations": [
                            {
                              "rule": "self.matches('^([0-9]{1,6}h)?([0-9]{1,6}m)?([0-9]{1,6}s)?$') && duration(self) >= duration('30s')",
                              "message": "must be a duration of at least 30s in the units h, m and s, for example 15m or 1h30m"
                            }
                          ]
                        },
                        "whenStale": {
                          "type": "string",
                          "description": "What is published while the calendars can't be read. KeepLast: the last known state, with its freshUntil. Block: the whole window is busy.",
                          "enum": [
                            "KeepLast",
                            "Block"
                          ],
                          "default": "KeepLast"
                        }
                      }
                    },
                    "grantSecretRef": {
                      "type": "object",
                      "description": "A Secret, in the Agent's namespace, with a refresh token that is used instead of a sign-in, such as one from GitOps or a vault. Keys: refresh_token and, if known, granted_at (RFC 3339), the time of the consent. It is read, never written, and can't be a Secret that the operator made.",
                      "required": [
                        "name"
                      ],
                      "properties": {
                        "name": {
                          "type": "string",
                          "description": "The Secret's name.",
                          "minLength": 1,
                          "maxLength": 253,
                          "x-kubernetes-validations": [
                            {
                              "rule": "self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$')",
                              "message": "must be the name of a Secret, of lower case letters, digits, '-' and '.', such as alice-grant"
                            }
                          ]
                        }
                      }
                    },
                    "deletionPolicy": {
                      "type": "string",
                      "description": "What happens to the grant when the Agent is deleted. Retain: its Secret NAME-google-grant stays, for an Agent of the same name. Revoke: it is revoked at Google, and the Secret is deleted.",
                      "enum": [
                        "Retain",
                        "Revoke"
                      ],
                      "default": "Retain"
                    },
                    "suspend": {
                      "type": "boolean",
                      "description": "Freezes this Agent: no request is made for it, its conditions stay as they are, and what is published becomes stale.",
                      "default": false
                    }
                  }
                },
                "status": {
                  "type": "object",
                  "description": "What the operator found. Written by the operator only.",
                  "default": {
                    "observedGeneration": -1
                  },
                  "properties": {
                    "observedGeneration": {
                      "type": "integer",
                      "format": "int64",
                      "description": "The generation of the spec that this status describes; -1 before the operator has seen the object.",
                      "minimum": -1
                    },
                    "conditions": {
                      "type": "array",
                      "description": "The latest observations: Ready, Reconciling, Stalled, Authorized, Synced and, with push, Watching.",
                      "maxItems": 16,
                      "x-kubernetes-list-type": "map",
                      "x-kubernetes-list-map-keys": [
                        "type"
                      ],
                      "items": {
                        "type": "object",
                        "description": "One observation.",
                        "required": [
                          "type",
                          "status",
                          "lastTransitionTime",
                          "reason",
                          "message"
                        ],
                        "properties": {
                          "type": {
                            "type": "string",
                            "description": "The type of the condition, in CamelCase.",
                            "maxLength": 316,
                            "pattern": "^[A-Za-z][A-Za-z0-9]*$"
                          },
                          "status": {
                            "type": "string",
                            "description": "Whether the condition is true.",
                            "enum": [
                              "True",
                              "False",
                              "Unknown"
                            ]
                          },
                          "observedGeneration": {
                            "type": "integer",
                            "format": "int64",
                            "description": "The generation of the spec that it describes.",
                            "minimum": 0
                          },
                          "lastTransitionTime": {
                            "type": "string",
                            "format": "date-time",
                            "description": "When its status last changed.",
                            "maxLength": 64
                          },
                          "reason": {
                            "type": "string",
                            "description": "The reason, as one CamelCase word.",
                            "minLength": 1,
                            "maxLength": 1024,
                            "pattern": "^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$"
                          },
                          "message": {
                            "type": "string",
                            "description": "The reason, as a sentence, and what to do if a person has to act.",
                            "maxLength": 32768
                          }
                        }
                      }
                    },
                    "lastHandledReconcileAt": {
                      "type": "string",
                      "description": "The value of the annotation calendar-operator.io/requestedAt or reconcile.fluxcd.io/requestedAt that was last acted on.",
                      "maxLength": 1024
                    },
                    "authorization": {
                      "type": "object",
                      "description": "The grant, without its tokens.",
                      "properties": {
                        "url": {
                          "type": "string",
                          "description": "Where the person signs in with Google. It is set while somebody has to sign in, unless spec.grantSecretRef supplies the grant; only spec.account can be connected with it.",
                          "maxLength": 512
                        },
                        "account": {
                          "type": "string",
                          "description": "The Google account that granted access.",
                          "maxLength": 512
                        },
                        "scopes": {
                          "type": "array",
                          "description": "The scopes that were granted.",
                          "maxItems": 128,
                          "x-kubernetes-list-type": "atomic",
                          "items": {
                            "type": "string",
                            "maxLength": 512
                          }
                        },
                        "grantedAt": {
                          "type": "string",
                          "format": "date-time",
                          "description": "When access was granted; if that is unknown, when the grant was first seen.",
                          "maxLength": 64
                        },
                        "expiresAt": {
                          "type": "string",
                          "format": "date-time",
                          "description": "When the grant ends, if known.",
                          "maxLength": 64
                        },
                        "accessTokenExpiresAt": {
                          "type": "string",
                          "format": "date-time",
                          "description": "When the current access token ends; it is renewed long before.",
                          "maxLength": 64
                        },
                        "likelyCause": {
                          "type": "string",
                          "description": "Why the grant most likely ended, if it did.",
                          "maxLength": 1024
                        }
                      }
                    },
                    "sync": {
                      "type": "object",
                      "description": "The calendars, as last read.",
                      "properties": {
                        "lastSyncTime": {
                          "type": "string",
                          "format": "date-time",
                          "description": "When all of them were last read, as of the last heartbeat.",
                          "maxLength": 64
                        },
                        "lastFullSyncTime": {
                          "type": "string",
                          "format": "date-time",
                          "description": "When all of them were last read completely.",
                          "maxLength": 64
                        },
                        "busyIntervals": {
                          "type": "integer",
                          "format": "int32",
                          "description": "The number of busy intervals in the window.",
                          "minimum": 0
                        },
                        "calendars": {
                          "type": "array",
                          "description": "One entry per calendar.",
                          "maxItems": 51,
                          "x-kubernetes-list-type": "map",
                          "x-kubernetes-list-map-keys": [
                            "id"
                          ],
                          "items": {
                            "type": "object",
                            "description": "One calendar.",
                            "required": [
                              "id"
                            ],
                            "properties": {
                              "id": {
                                "type": "string",
                                "description": "The calendar's id, as it first appears in the spec.",
                                "maxLength": 512
                              },
                              "events": {
                                "type": "integer",
                                "format": "int32",
                                "description": "How many events were read within the window.",
                                "minimum": 0
                              },
                              "lastSyncTime": {
                                "type": "string",
                                "format": "date-time",
                                "description": "When it was last read, as of the last heartbeat.",
                                "maxLength": 64
                              },
                              "error": {
                                "type": "string",
                                "description": "Why the calendar can't be read, if it can't.",
                                "maxLength": 1024
                              },
                              "channel": {
                                "type": "object",
                                "description": "The channel on which Google announces changes of the calendar, if there is one.",
                                "required": [
                                  "id",
                                  "resourceID",
                                  "expiresAt"
                                ],
                                "properties": {
                                  "id": {
                                    "type": "string",
                                    "description": "The channel's id.",
                                    "maxLength": 64
                                  },
                                  "resourceID": {
                                    "type": "string",
                                    "description": "Google's id of what is watched.",
                                    "maxLength": 512
                                  },
                                  "expiresAt": {
                                    "type": "string",
                                    "format": "date-time",
                                    "description": "When the channel ends; another one replaces it before.",
                                    "maxLength": 64
                                  }
                                }
                              }
                            }
                          }
                        }
                      }
                    }
                  }
                }
              }
            }
          }
        }
      ]
    }
  },
  {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {
      "name": "bookings.calendar-operator.io",
      "labels": {
        "app.kubernetes.io/name": "calendar-operator",
        "app.kubernetes.io/part-of": "calendar-operator"
      }
    },
    "spec": {
      "group": "calendar-operator.io",
      "scope": "Namespaced",
      "names": {
        "kind": "Booking",
        "listKind": "BookingList",
        "plural": "bookings",
        "singular": "booking",
        "shortNames": [
          "bkg"
        ],
        "categories": [
          "calendar"
        ]
      },
      "versions": [
        {
          "name": "v1alpha1",
          "served": true,
          "storage": true,
          "subresources": {
            "status": {}
          },
          "selectableFields": [
            {
              "jsonPath": ".spec.agentRef.name"
            }
          ],
          "additionalPrinterColumns": [
            {
              "name": "Ready",
              "type": "string",
              "description": "Whether the appointment is in the calendar",
              "jsonPath": ".status.conditions[?(@.type==\"Ready\")].status"
            },
            {
              "name": "Reason",
              "type": "string",
              "description": "Why it is, or is not",
              "jsonPath": ".status.conditions[?(@.type==\"Ready\")].reason"
            },
            {
              "name": "Agent",
              "type": "string",
              "description": "The Agent whose calendar it is written to",
              "jsonPath": ".spec.agentRef.name"
            },
            {
              "name": "Start",
              "type": "string",
              "description": "When the event begins at Google, in UTC; empty until it is booked",
              "jsonPath": ".status.event.start"
            },
            {
              "name": "End",
              "type": "string",
              "description": "When the event ends at Google, in UTC; empty until it is booked",
              "jsonPath": ".status.event.end"
            },
            {
              "name": "Age",
              "type": "date",
              "jsonPath": ".metadata.creationTimestamp"
            },
            {
              "name": "Meet",
              "type": "string",
              "priority": 1,
              "description": "The address of the Google Meet conference",
              "jsonPath": ".status.conference.url"
            },
            {
              "name": "Message",
              "type": "string",
              "priority": 1,
              "description": "What is wrong, and what to do",
              "jsonPath": ".status.conditions[?(@.type==\"Ready\")].message"
            }
          ],
          "schema": {
            "openAPIV3Schema": {
              "type": "object",
              "description": "Booking is an appointment in the Google calendar of an Agent. It is written once, if the person is free, and follows what becomes of it in Google Calendar.",
              "required": [
                "spec"
              ],
              "properties": {
                "apiVersion": {
                  "type": "string",
                  "description": "The version of this schema, calendar-operator.io/v1alpha1."
                },
                "kind": {
                  "type": "string",
                  "description": "Booking."
                },
                "metadata": {
                  "type": "object"
                },
                "spec": {
                  "type": "object",
                  "description": "The appointment, and what is done when calendar and Booking differ.",
                  "required": [
                    "agentRef",
                    "start",
                    "end",
                    "title"
                  ],
                  "x-kubernetes-validations": [
                    {
                      "rule": "self.end > self.start",
                      "fieldPath": ".end",
                      "message": "must be after start"
                    },
                    {
                      "rule": "self.end <= self.start + duration('336h')",
                      "fieldPath": ".end",
                      "message": "must be at most 14 days after start; divide a longer appointment into several Bookings"
                    }
                  ],
                  "properties": {
                    "agentRef": {
                      "type": "object",
                      "description": "The Agent into whose calendar (spec.calendars.write) the appointment is written. It can't be changed.",
                      "required": [
                        "name"
                      ],
                      "properties": {
                        "name": {
                          "type": "string",
                          "description": "The name of an Agent in the Booking's namespace.",
                          "minLength": 1,
                          "maxLength": 253,
                          "x-kubernetes-validations": [
                            {
                              "rule": "self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$')",
                              "message": "must be the name of an Agent, of lower case letters, digits, '-' and '.', such as alice"
                            },
                            {
                              "rule": "self == oldSelf",
                              "message": "can't be changed; delete this Booking and create another one for the other Agent"
                            }
                          ]
                        }
                      }
                    },
                    "start": {
                      "type": "string",
                      "format": "date-time",
                      "description": "When the appointment begins: RFC 3339 with whole seconds and an offset or Z, such as 2026-12-01T14:00:00+01:00.",
                      "maxLength": 64,
                      "pattern": "^[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$"
                    },
                    "end": {
                      "type": "string",
                      "format": "date-time",
                      "description": "When it ends, in the same form: after start, and at most 14 days later. Another appointment may begin at this time.",
                      "maxLength": 64,
                      "pattern": "^[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$"
                    },
                    "timeZone": {
                      "type": "string",
                      "description": "The time zone in which Google shows the event, by its IANA name, such as Europe/Paris; by default the calendar's own.",
                      "minLength": 1,
                      "maxLength": 64
                    },
                    "title": {
                      "type": "string",
                      "description": "The title of the event.",
                      "minLength": 1,
                      "maxLength": 1024
                    },
                    "description": {
                      "type": "string",
                      "description": "The description of the event.",
                      "maxLength": 8192
                    },
                    "location": {
                      "type": "string",
                      "description": "Where it takes place.",
                      "maxLength": 1024
                    },
                    "attendees": {
                      "type": "array",
                      "description": "The guests. Guests that are added in Google Calendar stay, unless onExternalChange is Enforce.",
                      "maxItems": 100,
                      "x-kubernetes-list-type": "map",
                      "x-kubernetes-list-map-keys": [
                        "email"
                      ],
                      "x-kubernetes-validations": [
                        {
                          "rule": "self.all(a, self.exists_one(b, a.email.lowerAscii() == b.email.lowerAscii()))",
                          "message": "must name each guest once; upper and lower case make no difference in an e-mail address"
                        }
                      ],
                      "items": {
                        "type": "object",
                        "description": "One guest.",
                        "required": [
                          "email"
                        ],
                        "properties": {
                          "email": {
                            "type": "string",
                            "description": "The guest's e-mail address; case is ignored.",
                            "minLength": 1,
                            "maxLength": 254,
                            "x-kubernetes-validations": [
                              {
                                "rule": "self.matches(\"^[^@\\\\s<>,;]+@[^@\\\\s<>,;]+[.][^@\\\\s<>,;.]+$\")",
                                "message": "must be one e-mail address, for example bob@example.com; the name goes into name"
                              }
                            ]
                          },
                          "name": {
                            "type": "string",
                            "description": "The guest's name.",
                            "minLength": 1,
                            "maxLength": 253
                          },
                          "optional": {
                            "type": "boolean",
                            "description": "Whether the appointment can take place without this guest.",
                            "default": false
                          }
                        }
                      }
                    },
                    "conference": {
                      "type": "string",
                      "description": "GoogleMeet: Google adds a video conference, whose address is in status.conference.",
                      "enum": [
                        "None",
                        "GoogleMeet"
                      ],
                      "default": "None"
                    },
                    "visibility": {
                      "type": "string",
                      "description": "Who sees the details of the event among those who see the calendar. Default: as the calendar says.",
                      "enum": [
                        "Default",
                        "Private",
                        "Public"
                      ],
                      "default": "Default"
                    },
                    "notify": {
                      "type": "string",
                      "description": "Whom Google sends e-mails about the event, in the person's name: no guest, only guests who don't use Google Calendar, or all guests.",
                      "enum": [
                        "None",
                        "ExternalOnly",
                        "All"
                      ],
                      "default": "None"
                    },
                    "conflictPolicy": {
                      "type": "string",
                      "description": "Reject: the appointment is written only if the Agent's calendars are free at that time. Allow: they are not looked at.",
                      "enum": [
                        "Reject",
                        "Allow"
                      ],
                      "default": "Reject"
                    },
                    "onExternalChange": {
                      "type": "string",
                      "description": "What follows when somebody changes the event in Google Calendar. Reflect: the change stays, and status shows it. Enforce: the event is restored to what this spec says.",
                      "enum": [
                        "Reflect",
                        "Enforce"
                      ],
                      "default": "Reflect"
                    },
                    "deletionPolicy": {
                      "type": "string",
                      "description": "What happens to the event when the Booking is deleted. Cancel: it is deleted, unless it has ended. Retain: it stays.",
                      "enum": [
                        "Cancel",
                        "Retain"
                      ],
                      "default": "Cancel"
                    },
                    "ttlAfterEnd": {
                      "type": "string",
                      "description": "How long after its end the Booking is deleted; the event stays. Unless it is set, the Booking stays as well. A duration in h, m and s, such as 720h.",
                      "minLength": 1,
                      "maxLength": 24,
                      "x-kubernetes-validations": [
                        {
                          "rule": "self.matches('^([0-9]{1,6}h)?([0-9]{1,6}m)?([0-9]{1,6}s)?$')",
                          "message": "must be a duration in the units h, m and s, for example 720h"
                        }
                      ]
                    },
                    "suspend": {
                      "type": "boolean",
                      "description": "Freezes this Booking: no request is made for it, and its conditions stay as they are.",
                      "default": false
                    }
                  }
                },
                "status": {
                  "type": "object",
                  "description": "What the operator found. Written by the operator only.",
                  "default": {
                    "observedGeneration": -1
                  },
                  "properties": {
                    "observedGeneration": {
                      "type": "integer",
                      "format": "int64",
                      "description": "The generation of the spec that this status describes; -1 before the operator has seen the object.",
                      "minimum": -1
                    },
                    "conditions": {
                      "type": "array",
                      "description": "The latest observations: Ready, Reconciling, Stalled, Accepted and Booked.",
                      "maxItems": 16,
                      "x-kubernetes-list-type": "map",
                      "x-kubernetes-list-map-keys": [
                        "type"
                      ],
                      "items": {
                        "type": "object",
                        "description": "One observation.",
                        "required": [
                          "type",
                          "status",
                          "lastTransitionTime",
                          "reason",
                          "message"
                        ],
                        "properties": {
                          "type": {
                            "type": "string",
                            "description": "The type of the condition, in CamelCase.",
                            "maxLength": 316,
                            "pattern": "^[A-Za-z][A-Za-z0-9]*$"
                          },
                          "status": {
                            "type": "string",
                            "description": "Whether the condition is true.",
                            "enum": [
                              "True",
                              "False",
                              "Unknown"
                            ]
                          },
                          "observedGeneration": {
                            "type": "integer",
                            "format": "int64",
                            "description": "The generation of the spec that it describes.",
                            "minimum": 0
                          },
                          "lastTransitionTime": {
                            "type": "string",
                            "format": "date-time",
                            "description": "When its status last changed.",
                            "maxLength": 64
                          },
                          "reason": {
                            "type": "string",
                            "description": "The reason, as one CamelCase word.",
                            "minLength": 1,
                            "maxLength": 1024,
                            "pattern": "^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$"
                          },
                          "message": {
                            "type": "string",
                            "description": "The reason, as a sentence, and what to do if a person has to act.",
                            "maxLength": 32768
                          }
                        }
                      }
                    },
                    "lastHandledReconcileAt": {
                      "type": "string",
                      "description": "The value of the annotation calendar-operator.io/requestedAt or reconcile.fluxcd.io/requestedAt that was last acted on.",
                      "maxLength": 1024
                    },
                    "event": {
                      "type": "object",
                      "description": "The event as it is at Google.",
                      "properties": {
                        "calendar": {
                          "type": "string",
                          "description": "The id of the calendar that it is in.",
                          "maxLength": 512
                        },
                        "id": {
                          "type": "string",
                          "description": "The event's id.",
                          "maxLength": 1024
                        },
                        "iCalUID": {
                          "type": "string",
                          "description": "The event's id in iCalendar, the same in the calendars of all guests.",
                          "maxLength": 1024
                        },
                        "url": {
                          "type": "string",
                          "description": "Where the event is shown in Google Calendar.",
                          "maxLength": 2048
                        },
                        "start": {
                          "type": "string",
                          "format": "date-time",
                          "description": "When it begins, in UTC.",
                          "maxLength": 64
                        },
                        "end": {
                          "type": "string",
                          "format": "date-time",
                          "description": "When it ends, in UTC.",
                          "maxLength": 64
                        }
                      }
                    },
                    "applied": {
                      "type": "object",
                      "description": "The times that were last written from the spec, in UTC.",
                      "properties": {
                        "start": {
                          "type": "string",
                          "format": "date-time",
                          "description": "The start that was written.",
                          "maxLength": 64
                        },
                        "end": {
                          "type": "string",
                          "format": "date-time",
                          "description": "The end that was written.",
                          "maxLength": 64
                        }
                      }
                    },
                    "remade": {
                      "type": "integer",
                      "format": "int32",
                      "description": "How often the event was made again after it had been deleted at Google.",
                      "minimum": 0
                    },
                    "observedETag": {
                      "type": "string",
                      "description": "The version of the event that this status describes, as Google names it.",
                      "maxLength": 128
                    },
                    "conference": {
                      "type": "object",
                      "description": "The Google Meet conference, if spec.conference asks for one.",
                      "properties": {
                        "state": {
                          "type": "string",
                          "description": "Whether Google has created it.",
                          "enum": [
                            "Pending",
                            "Ready",
                            "Failed"
                          ]
                        },
                        "url": {
                          "type": "string",
                          "description": "Where to join it.",
                          "maxLength": 2048
                        }
                      }
                    },
                    "attendees": {
                      "type": "array",
                      "description": "The guests and their answers, as Google has them.",
                      "maxItems": 500,
                      "x-kubernetes-list-type": "map",
                      "x-kubernetes-list-map-keys": [
                        "email"
                      ],
                      "items": {
                        "type": "object",
                        "description": "One guest.",
                        "required": [
                          "email"
                        ],
                        "properties": {
                          "email": {
                            "type": "string",
                            "description": "The guest's e-mail address.",
                            "maxLength": 254
                          },
                          "response": {
                            "type": "string",
                            "description": "The guest's answer.",
                            "enum": [
                              "NeedsAction",
                              "Accepted",
                              "Declined",
                              "Tentative"
                            ]
                          }
                        }
                      }
                    }
                  }
                }
              }
            }
          }
        }
      ]
    }
  },
  {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {
      "name": "calendarintegrations.calendar-operator.io",
      "labels": {
        "app.kubernetes.io/name": "calendar-operator",
        "app.kubernetes.io/part-of": "calendar-operator"
      }
    },
    "spec": {
      "group": "calendar-operator.io",
      "scope": "Namespaced",
      "names": {
        "kind": "CalendarIntegration",
        "listKind": "CalendarIntegrationList",
        "plural": "calendarintegrations",
        "singular": "calendarintegration",
        "shortNames": [
          "calint"
        ],
        "categories": [
          "calendar"
        ]
      },
      "versions": [
        {
          "name": "v1alpha1",
          "served": true,
          "storage": true,
          "subresources": {
            "status": {}
          },
          "selectableFields": [
            {
              "jsonPath": ".spec.google.clientSecretRef.name"
            },
            {
              "jsonPath": ".spec.google.userType"
            }
          ],
          "additionalPrinterColumns": [
            {
              "name": "Ready",
              "type": "string",
              "description": "Whether the OAuth client works",
              "jsonPath": ".status.conditions[?(@.type==\"Ready\")].status"
            },
            {
              "name": "Reason",
              "type": "string",
              "description": "Why it is, or is not, ready",
              "jsonPath": ".status.conditions[?(@.type==\"Ready\")].reason"
            },
            {
              "name": "Agents",
              "type": "string",
              "description": "How many of the Agents that use it are ready, out of the total",
              "jsonPath": ".status.agents.summary"
            },
            {
              "name": "Sign-In",
              "type": "string",
              "description": "How people sign in, which determines what has to be registered at Google",
              "jsonPath": ".status.signIn.mode"
            },
            {
              "name": "Age",
              "type": "date",
              "jsonPath": ".metadata.creationTimestamp"
            },
            {
              "name": "Client ID",
              "type": "string",
              "priority": 1,
              "description": "The OAuth client's id",
              "jsonPath": ".status.clientID"
            },
            {
              "name": "Publishing",
              "type": "string",
              "priority": 1,
              "description": "The declared publishing status of the consent screen; empty means Testing if the user type is External",
              "jsonPath": ".spec.google.publishingStatus"
            },
            {
              "name": "Message",
              "type": "string",
              "priority": 1,
              "description": "What is wrong, and what to do",
              "jsonPath": ".status.conditions[?(@.type==\"Ready\")].message"
            }
          ],
          "schema": {
            "openAPIV3Schema": {
              "type": "object",
              "description": "CalendarIntegration is a Google OAuth client, of type \"Web application\", through which Agents connect their Google calendars.",
              "required": [
                "spec"
              ],
              "properties": {
                "apiVersion": {
                  "type": "string",
                  "description": "The version of this schema, calendar-operator.io/v1alpha1."
                },
                "kind": {
                  "type": "string",
                  "description": "CalendarIntegration."
                },
                "metadata": {
                  "type": "object"
                },
                "spec": {
                  "type": "object",
                  "description": "The OAuth client, how often calendars are read, and who may use it.",
                  "required": [
                    "google"
                  ],
                  "properties": {
                    "google": {
                      "type": "object",
                      "description": "The OAuth client, as the Google Cloud console shows it.",
                      "required": [
                        "clientSecretRef",
                        "siteURI"
                      ],
                      "x-kubernetes-validations": [
                        {
                          "rule": "self.userType == 'External' || !has(self.publishingStatus)",
                          "fieldPath": ".publishingStatus",
                          "reason": "FieldValueForbidden",
                          "message": "only an External app has a publishing status; leave it out, or set userType to External"
                        }
                      ],
                      "properties": {
                        "clientSecretRef": {
                          "type": "object",
                          "description": "The Secret, in the same namespace, that holds the OAuth client. It is read, never written.",
                          "required": [
                            "name"
                          ],
                          "properties": {
                            "name": {
                              "type": "string",
                              "description": "The Secret's name.",
                              "minLength": 1,
                              "maxLength": 253,
                              "x-kubernetes-validations": [
                                {
                                  "rule": "self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$')",
                                  "message": "must be the name of a Secret, of lower case letters, digits, '-' and '.', such as google-oauth-client"
                                }
                              ]
                            },
                            "key": {
                              "type": "string",
                              "description": "The key that holds the client file as downloaded from the Google Cloud console. Without it, client_secret.json is read if it is there, else client_id and client_secret.",
                              "minLength": 1,
                              "maxLength": 253,
                              "x-kubernetes-validations": [
                                {
                                  "rule": "self.matches('^[-._a-zA-Z0-9]+$')",
                                  "message": "must be a key of a Secret, of letters, digits, '-', '_' and '.', such as client_secret.json"
                                }
                              ]
                            }
                          }
                        },
                        "siteURI": {
                          "type": "string",
                          "description": "The origin of the booking site, as registered at Google under \"Authorized JavaScript origins\": scheme and host, and the port where it is not the usual one. https only, except for localhost and loopback addresses.",
                          "minLength": 1,
                          "maxLength": 253,
                          "x-kubernetes-validations": [
                            {
                              "rule": "self.startsWith(\"https://\") || self.matches(\"^http://(localhost|127[.][0-9]+[.][0-9]+[.][0-9]+|\\\\[::1\\\\])([:/?#].*)?$\")",
                              "message": "must begin with https:// (http:// is for localhost and loopback addresses only), for example https://booking.example.com"
                            },
                            {
                              "rule": "!self.contains(\"@\")",
                              "message": "must not contain a user name or a password; write the origin alone, for example https://booking.example.com"
                            },
                            {
                              "rule": "!self.contains(\"*\")",
                              "message": "must not contain a wildcard, because Google registers none; write the host of the site, for example https://booking.example.com"
                            },
                            {
                              "rule": "!self.matches(\"^[a-z]+://[^/?#]*[/?#]\")",
                              "message": "must be an origin, without path, query, fragment or trailing slash, for example https://booking.example.com"
                            },
                            {
                              "rule": "self.contains(\"@\") || self.contains(\"*\") || !self.matches(\"^https?://\") || self.matches(\"^https?://([a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*|\\\\[[0-9a-f:]+\\\\])(:([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]))?([/?#].*)?$\")",
                              "message": "must name a host in lower case, and a port where it is not the usual one, for example https://booking.example.com or https://booking.example.com:8443"
                            },
                            {
                              "rule": "!self.matches(\"^(https://[^/?#]*:443|http://[^/?#]*:80)([/?#].*)?$\")",
                              "message": "must not state the usual port, browsers leave it out of an origin; write https://booking.example.com, not https://booking.example.com:443"
                            },
                            {
                              "rule": "!self.matches(\"^https?://(\\\\[.*|([^/?#]*[.])?([0-9]+|0x[0-9a-f]*)(:[0-9]*)?([/?#].*)?)$\") || self.matches(\"^https?://(127([.](25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])){3}|\\\\[::1\\\\])([:/?#].*)?$\")",
                              "message": "must not be an IP address other than a loopback one, because Google registers none; write the host name of the site"
                            }
                          ]
                        },
                        "userType": {
                          "type": "string",
                          "description": "Who may sign in, as set on the consent screen. External: every Google account (while the app is in Testing, the listed test users only). Internal: the accounts of the organisation that owns the Google Cloud project.",
                          "enum": [
                            "External",
                            "Internal"
                          ],
                          "default": "External"
                        },
                        "publishingStatus": {
                          "type": "string",
                          "description": "Whether the consent screen of an External app was published. While it is in Testing, Google ends every grant seven days after the sign-in. If userType is External, an empty value means Testing; an Internal app has none.",
                          "enum": [
                            "Testing",
                            "InProduction"
                          ]
                        },
                        "scopes": {
                          "type": "array",
                          "description": "The scopes that every Agent must grant, directly or through a broader one. To read events and to identify the account, https://www.googleapis.com/auth/calendar is the usual choice.",
                          "default": [
                            "https://www.googleapis.com/auth/calendar"
                          ],
                          "minItems": 1,
                          "maxItems": 16,
                          "x-kubernetes-list-type": "set",
                          "x-kubernetes-validations": [
                            {
                              "rule": "self.exists(scope, scope.startsWith('https://www.googleapis.com/auth/calendar'))",
                              "message": "must contain a calendar scope, for example https://www.googleapis.com/auth/calendar"
                            }
                          ],
                          "items": {
                            "type": "string",
                            "description": "A Google scope, written in full.",
                            "minLength": 1,
                            "maxLength": 256,
                            "x-kubernetes-validations": [
                              {
                                "rule": "self.matches('^https://www[.]googleapis[.]com/auth/[a-z0-9._-]+$')",
                                "message": "must be one of Google's scopes, written out, for example https://www.googleapis.com/auth/calendar"
                              }
                            ]
                          }
                        }
                      }
                    },
                    "sync": {
                      "type": "object",
                      "description": "How often calendars are read, and which part of them.",
                      "default": {},
                      "properties": {
                        "interval": {
                          "type": "string",
                          "description": "The time from one read of a calendar to the next; only changes are requested. A duration in h, m and s, from 10s to 24h.",
                          "default": "5m",
                          "minLength": 1,
                          "maxLength": 24,
                          "x-kubernetes-validations": [
                            {
                              "rule": "self.matches('^([0-9]{1,6}h)?([0-9]{1,6}m)?([0-9]{1,6}s)?$') && duration(self) >= duration('10s') && duration(self) <= duration('24h')",
                              "message": "must be a duration from 10s to 24h in the units h, m and s, for example 5m or 1h30m"
                            }
                          ]
                        },
                        "fullSyncInterval": {
                          "type": "string",
                          "description": "The time from one complete read of a calendar to the next, which moves the window forward. A duration in h, m and s, from 30s to 168h.",
                          "default": "24h",
                          "minLength": 1,
                          "maxLength": 24,
                          "x-kubernetes-validations": [
                            {
                              "rule": "self.matches('^([0-9]{1,6}h)?([0-9]{1,6}m)?([0-9]{1,6}s)?$') && duration(self) >= duration('30s') && duration(self) <= duration('168h')",
                              "message": "must be a duration from 30s to 168h in the units h, m and s, for example 24h"
                            }
                          ]
                        },
                        "window": {
                          "type": "object",
                          "description": "The part of the calendars that is read and published, in days of 24 hours around the current hour (UTC).",
                          "default": {},
                          "properties": {
                            "pastDays": {
                              "type": "integer",
                              "format": "int32",
                              "description": "How many days back, from 0 to 30.",
                              "default": 1,
                              "minimum": 0,
                              "maximum": 30
                            },
                            "futureDays": {
                              "type": "integer",
                              "format": "int32",
                              "description": "How many days ahead, from 1 to 365.",
                              "default": 90,
                              "minimum": 1,
                              "maximum": 365
                            }
                          }
                        },
                        "push": {
                          "type": "string",
                          "description": "Enabled: Google announces changes of the calendars to the operator's pages, and a calendar is read within a second of a change; it is still read at every interval. Disabled: it is read at every interval only.",
                          "enum": [
                            "Enabled",
                            "Disabled"
                          ],
                          "default": "Enabled"
                        }
                      }
                    },
                    "quota": {
                      "type": "object",
                      "description": "How many requests a minute may be sent to the Calendar API. The operator never sends more in any minute, whenever it begins, and keeps a tenth for what can't wait: sign-ins and requests to reconcile. The integrations of one OAuth client, each within its own quota, together stay within the largest.",
                      "default": {},
                      "properties": {
                        "requestsPerMinute": {
                          "type": "integer",
                          "format": "int32",
                          "description": "For all Agents together, from 1 to 1000000. At most what Google allows the Google Cloud project, less what other programs of the project need.",
                          "default": 10000,
                          "minimum": 1,
                          "maximum": 1000000
                        },
                        "requestsPerMinutePerAgent": {
                          "type": "integer",
                          "format": "int32",
                          "description": "For one account, from 1 to 1000000. All Agents of the account share it. At most what Google allows each user of the project.",
                          "default": 600,
                          "minimum": 1,
                          "maximum": 1000000
                        }
                      }
                    },
                    "allowedNamespaces": {
                      "type": "object",
                      "description": "The namespaces whose Agents may use this integration.",
                      "default": {
                        "from": "Same"
                      },
                      "x-kubernetes-validations": [
                        {
                          "rule": "self.from != 'Selector' || has(self.selector)",
                          "fieldPath": ".selector",
                          "reason": "FieldValueRequired",
                          "message": "needed where from is Selector, for example {matchLabels: {calendars: allowed}}"
                        },
                        {
                          "rule": "self.from == 'Selector' || !has(self.selector)",
                          "fieldPath": ".selector",
                          "reason": "FieldValueForbidden",
                          "message": "has no meaning unless from is Selector; set from to Selector, or leave it out"
                        }
                      ],
                      "properties": {
                        "from": {
                          "type": "string",
                          "description": "Same: this namespace only. All: every namespace. Selector: those whose labels the selector matches.",
                          "enum": [
                            "Same",
                            "All",
                            "Selector"
                          ],
                          "default": "Same"
                        },
                        "selector": {
                          "type": "object",
                          "description": "Selects namespaces by their labels; all of its requirements must be met. An empty selector selects every namespace.",
                          "x-kubernetes-map-type": "atomic",
                          "properties": {
                            "matchLabels": {
                              "type": "object",
                              "description": "Labels and the values that they must have.",
                              "maxProperties": 32,
                              "additionalProperties": {
                                "type": "string",
                                "maxLength": 63
                              }
                            },
                            "matchExpressions": {
                              "type": "array",
                              "description": "Requirements on labels.",
                              "maxItems": 32,
                              "x-kubernetes-list-type": "atomic",
                              "items": {
                                "type": "object",
                                "description": "A requirement on one label.",
                                "required": [
                                  "key",
                                  "operator"
                                ],
                                "x-kubernetes-validations": [
                                  {
                                    "rule": "!(self.operator in ['In', 'NotIn']) || (has(self.values) && size(self.values) > 0)",
                                    "fieldPath": ".values",
                                    "reason": "FieldValueRequired",
                                    "message": "needed with the operators In and NotIn, for example [booking]"
                                  },
                                  {
                                    "rule": "self.operator in ['In', 'NotIn'] || !has(self.values) || size(self.values) == 0",
                                    "fieldPath": ".values",
                                    "reason": "FieldValueForbidden",
                                    "message": "has no meaning with the operators Exists and DoesNotExist; leave it out"
                                  }
                                ],
                                "properties": {
                                  "key": {
                                    "type": "string",
                                    "description": "The label's key.",
                                    "minLength": 1,
                                    "maxLength": 317,
                                    "x-kubernetes-validations": [
                                      {
                                        "rule": "self.matches('^([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$')",
                                        "message": "must be the key of a label, for example kubernetes.io/metadata.name"
                                      }
                                    ]
                                  },
                                  "operator": {
                                    "type": "string",
                                    "description": "How the label relates to the values.",
                                    "enum": [
                                      "In",
                                      "NotIn",
                                      "Exists",
                                      "DoesNotExist"
                                    ]
                                  },
                                  "values": {
                                    "type": "array",
                                    "description": "The values, with In and NotIn only.",
                                    "maxItems": 64,
                                    "x-kubernetes-list-type": "atomic",
                                    "items": {
                                      "type": "string",
                                      "maxLength": 63
                                    }
                                  }
                                }
                              }
                            }
                          }
                        }
                      }
                    },
                    "suspend": {
                      "type": "boolean",
                      "description": "Freezes this integration and the Agents that use it: no request is made for them, their conditions stay as they are, and what is published becomes stale.",
                      "default": false
                    }
                  }
                },
                "status": {
                  "type": "object",
                  "description": "What the operator found. Written by the operator only.",
                  "default": {
                    "observedGeneration": -1
                  },
                  "properties": {
                    "observedGeneration": {
                      "type": "integer",
                      "format": "int64",
                      "description": "The generation of the spec that this status describes; -1 before the operator has seen the object.",
                      "minimum": -1
                    },
                    "conditions": {
                      "type": "array",
                      "description": "The latest observations: Ready, Reconciling, Stalled, CredentialsValid, CalendarAPIEnabled, WithinQuota, SiteAccepted.",
                      "maxItems": 16,
                      "x-kubernetes-list-type": "map",
                      "x-kubernetes-list-map-keys": [
                        "type"
                      ],
                      "items": {
                        "type": "object",
                        "description": "One observation.",
                        "required": [
                          "type",
                          "status",
                          "lastTransitionTime",
                          "reason",
                          "message"
                        ],
                        "properties": {
                          "type": {
                            "type": "string",
                            "description": "The type of the condition, in CamelCase.",
                            "maxLength": 316,
                            "pattern": "^[A-Za-z][A-Za-z0-9]*$"
                          },
                          "status": {
                            "type": "string",
                            "description": "Whether the condition is true.",
                            "enum": [
                              "True",
                              "False",
                              "Unknown"
                            ]
                          },
                          "observedGeneration": {
                            "type": "integer",
                            "format": "int64",
                            "description": "The generation of the spec that it describes.",
                            "minimum": 0
                          },
                          "lastTransitionTime": {
                            "type": "string",
                            "format": "date-time",
                            "description": "When its status last changed.",
                            "maxLength": 64
                          },
                          "reason": {
                            "type": "string",
                            "description": "The reason, as one CamelCase word.",
                            "minLength": 1,
                            "maxLength": 1024,
                            "pattern": "^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$"
                          },
                          "message": {
                            "type": "string",
                            "description": "The reason, as a sentence, and what to do if a person has to act.",
                            "maxLength": 32768
                          }
                        }
                      }
                    },
                    "lastHandledReconcileAt": {
                      "type": "string",
                      "description": "The value of the annotation calendar-operator.io/requestedAt or reconcile.fluxcd.io/requestedAt that was last acted on.",
                      "maxLength": 1024
                    },
                    "clientID": {
                      "type": "string",
                      "description": "The OAuth client's id.",
                      "maxLength": 512
                    },
                    "projectID": {
                      "type": "string",
                      "description": "The Google Cloud project of the OAuth client, if the client file names it.",
                      "maxLength": 512
                    },
                    "credentialsHash": {
                      "type": "string",
                      "description": "A fingerprint of the credentials that were last checked; it shows that they changed, not what they are.",
                      "maxLength": 128
                    },
                    "signIn": {
                      "type": "object",
                      "description": "How people sign in, and exactly what has to be registered at Google for it.",
                      "properties": {
                        "mode": {
                          "type": "string",
                          "description": "Redirect: Google sends people back to redirectURI. Popup: Google opens a window on top of a page of javascriptOrigin; chosen if the client file registers that origin but not the redirectURI.",
                          "enum": [
                            "Redirect",
                            "Popup"
                          ]
                        },
                        "redirectURI": {
                          "type": "string",
                          "description": "What to add to the client's \"Authorized redirect URIs\", for Redirect.",
                          "maxLength": 512
                        },
                        "javascriptOrigin": {
                          "type": "string",
                          "description": "What to add to the client's \"Authorized JavaScript origins\", for Popup.",
                          "maxLength": 512
                        }
                      }
                    },
                    "agents": {
                      "type": "object",
                      "description": "The number of Agents that use this integration.",
                      "properties": {
                        "total": {
                          "type": "integer",
                          "format": "int32",
                          "description": "All Agents.",
                          "minimum": 0
                        },
                        "ready": {
                          "type": "integer",
                          "format": "int32",
                          "description": "Agents that are ready.",
                          "minimum": 0
                        },
                        "awaitingSignIn": {
                          "type": "integer",
                          "format": "int32",
                          "description": "Agents that wait for somebody to sign in.",
                          "minimum": 0
                        },
                        "expiringSoon": {
                          "type": "integer",
                          "format": "int32",
                          "description": "Ready Agents whose grant ends soon.",
                          "minimum": 0
                        },
                        "failing": {
                          "type": "integer",
                          "format": "int32",
                          "description": "Agents for which somebody has to act.",
                          "minimum": 0
                        },
                        "summary": {
                          "type": "string",
                          "description": "Ready Agents out of the total, such as 3/4.",
                          "maxLength": 32
                        }
                      }
                    }
                  }
                }
              }
            }
          }
        }
      ]
    }
  }
]
