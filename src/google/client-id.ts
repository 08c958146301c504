/**
 * What a value must look like to be taken for an OAuth client's id, or for a project's. Only such a value is sent to Google as
 * one, or shown: anything else in its place may be a secret. Pure.
 */
const CLIENT_ID = /^[\w-]{1,128}\.apps\.googleusercontent\.com$/
/** Of a project: six to thirty letters, digits and hyphens; older ones of an organisation begin with its domain. */
const PROJECT_ID = /^(?:[a-z0-9][a-z0-9.-]{0,62}:)?[a-z][a-z0-9-]{4,28}[a-z0-9]$/

/** Whether Google could have given this as the id of an OAuth client. */
export const isClientId = (text: string): boolean => CLIENT_ID.test(text)

/** Whether Google could have given this as the id of a project. */
export const isProjectId = (text: string): boolean => PROJECT_ID.test(text)

/** A client id as a message may name it: what has not the form of one is not repeated. */
export const clientIdShown = (text: string): string => (isClientId(text) ? text : 'a value that is no client id')
