import { isRecord } from '../../src/platform/json.ts'
import { crds } from '../../src/resources/generated/crds.ts'
import { asKubectl, type Problem } from '../../src/resources/problems.ts'
import { createValidator, type Validator } from '../../src/resources/validate.ts'

export type Json = Record<string, unknown>

/** Objects merge, anything else replaces, undefined removes. */
export function merged(base: Json, patch: Json): Json {
  const result: Json = { ...base }
  for (const [key, value] of Object.entries(patch)) {
    const before = result[key]
    if (value === undefined) Reflect.deleteProperty(result, key)
    else result[key] = isRecord(value) ? merged(isRecord(before) ? before : {}, value) : value
  }
  return result
}

/** As little of an Agent as will do. */
export const agent = (spec: Json = {}, metadata: Json = {}): Json => ({
  apiVersion: 'calendar-operator.io/v1alpha1',
  kind: 'Agent',
  metadata: { name: 'alice', namespace: 'booking', ...metadata },
  spec: merged({ integrationRef: { name: 'google' }, account: 'alice@example.com' }, spec),
})

/** As little of a CalendarIntegration as will do. */
export const integration = (spec: Json = {}, metadata: Json = {}): Json => ({
  apiVersion: 'calendar-operator.io/v1alpha1',
  kind: 'CalendarIntegration',
  metadata: { name: 'google', namespace: 'booking', ...metadata },
  spec: merged(
    { google: { clientSecretRef: { name: 'google-oauth-client' }, siteURI: 'https://booking.example.com' } },
    spec,
  ),
})

/** As little of a Booking as will do. */
export const booking = (spec: Json = {}, metadata: Json = {}): Json => ({
  apiVersion: 'calendar-operator.io/v1alpha1',
  kind: 'Booking',
  metadata: { name: 'viewing', namespace: 'booking', ...metadata },
  spec: merged(
    {
      agentRef: { name: 'alice' },
      start: '2026-12-01T14:00:00+01:00',
      end: '2026-12-01T15:00:00+01:00',
      title: 'Viewing',
    },
    spec,
  ),
})

const validators = new Map(crds.map((crd) => [crd.spec.names.kind, createValidator(crd)]))

export function validatorFor(object: Json): Validator {
  const validator = validators.get(String(object.kind))
  if (!validator) throw new Error(`no such kind: ${String(object.kind)}`)
  return validator
}

/** What the API server would hold. */
export const stored = (object: Json): Json => {
  const validator = validatorFor(object)
  return validator.default(validator.prune(object)) as Json
}

export const problemsOf = (object: Json, before?: Json): Problem[] =>
  validatorFor(object).problems(stored(object), before && stored(before))

/** What `kubectl apply` would show, a line each. */
export const refusals = (object: Json, before?: Json): string[] => problemsOf(object, before).map(asKubectl)
