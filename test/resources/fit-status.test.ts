import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fitStatus } from '../../src/resources/fit-status.ts'
import { crds } from '../../src/resources/generated/crds.ts'
import type { Kind } from '../../src/resources/reasons.ts'
import type { AgentStatus, StructuralSchema } from '../../src/resources/types.ts'
import { createValidator } from '../../src/resources/validate.ts'
import { aBooking, anAgent, anIntegration } from '../support/resources.ts'
import { runs } from '../support/runs.ts'

const crdOf = (kind: Kind) => {
  const crd = crds.find(({ spec }) => spec.names.kind === kind)
  if (!crd) throw new Error(kind)
  return crd
}
const schemaOf = (kind: Kind): StructuralSchema =>
  crdOf(kind).spec.versions[0]?.schema.openAPIV3Schema.properties?.status ?? {}
const base = { Agent: anAgent(), Booking: aBooking(), CalendarIntegration: anIntegration() }

/** What the API server would refuse of this status. */
const refusals = (kind: Kind, status: object): string[] =>
  createValidator(crdOf(kind))
    .problems({ ...base[kind], status })
    .map(({ path, message }) => `${path}: ${message}`)
    .filter((problem) => problem.startsWith('status'))

const harmful = fc.constantFrom('\u001b[2J', '\u202e', '\ud800', '\u0000', '\n', 'word', '🎂', '2026-11-23T10:00:00Z')
const text = fc.oneof(
  fc.array(harmful, { maxLength: 30 }).map((parts) => parts.join('')),
  fc.string({ unit: 'binary' }),
  fc.nat({ max: 100_000 }).map((length) => 'x'.repeat(length)),
)
const junk = fc.oneof(text, fc.double(), fc.bigInt().map(Number), fc.boolean(), fc.constant(null), fc.constant({}))

/** A status of the right fields, the values of which may be anything. */
function anything(schema: StructuralSchema): fc.Arbitrary<unknown> {
  if (schema.properties) {
    const fields = Object.entries(schema.properties).map(([name, inner]) => [name, anything(inner)] as const)
    return fc.oneof({ weight: 9, arbitrary: fc.record(Object.fromEntries(fields), { requiredKeys: [] }) }, junk)
  }
  if (schema.items) {
    const item = anything(schema.items)
    const many = fc.tuple(item, fc.nat({ max: 200 })).map(([one, count]) => Array<unknown>(count).fill(one))
    return fc.oneof({ weight: 5, arbitrary: fc.array(item, { maxLength: 20 }) }, { weight: 2, arbitrary: many }, junk)
  }
  return fc.oneof(junk, text, fc.constantFrom(...(schema.enum ?? ['Ready'])))
}

describe.each(['Agent', 'Booking', 'CalendarIntegration'] as const)('a status of an %s', (kind) => {
  test('is one that the API server takes, whatever its values are', () => {
    fc.assert(
      fc.property(anything(schemaOf(kind)), (status) => {
        const fitted = fitStatus(kind, status as object)
        expect(refusals(kind, fitted)).toEqual([])
        expect(fitStatus(kind, fitted)).toEqual(fitted)
        expect(JSON.stringify(fitted)).not.toMatch(/\\u00[01]|[\u007f-\u009f\u202a-\u202e\u2066-\u2069]/)
      }),
      { seed: 11, numRuns: runs(100) },
    )
  })

  test('that is sound stays as it is', () => {
    const message = 'Google can’t be reached (500); “primary” is kept. 誕生日'
    const condition = { type: 'Ready', status: 'True', reason: 'Ready', message, observedGeneration: 3 }
    const conditions = [{ ...condition, lastTransitionTime: '2026-11-23T10:00:00Z' }]
    const status = { observedGeneration: 3, conditions, lastHandledReconcileAt: 'now' }
    expect(fitStatus(kind, status)).toEqual(status)
  })
})

describe('what is not ours in the status of an Agent', () => {
  const fitted = (status: object): AgentStatus => fitStatus('Agent', status)

  test('is cut: an account, scopes, their number, an error', () => {
    const scopes = Array.from({ length: 200 }, (_, n) => `https://scope.example/${n}/${'x'.repeat(100_000)}`)
    const status = fitted({
      authorization: { account: 'a'.repeat(100_000), scopes },
      sync: { calendars: [{ id: 'primary', error: 'e'.repeat(5_000) }] },
    })
    expect(status.authorization?.account).toHaveLength(512)
    expect(status.authorization?.scopes).toHaveLength(128)
    expect(status.authorization?.scopes?.[0]).toHaveLength(512)
    expect(status.sync?.calendars?.[0]?.error).toHaveLength(1024)
  })

  test('is left out if it cannot be a time', () => {
    const status = fitted({ authorization: { account: 'a', grantedAt: '+275760-09-13T00:00:00Z', expiresAt: 'soon' } })
    expect(status.authorization).toEqual({ account: 'a' })
  })

  test('is left out where two calendars have become the same by being cut', () => {
    const calendars = ['a', 'b'].map((end) => ({ id: `${'c'.repeat(600)}${end}` }))
    expect(fitted({ sync: { calendars } }).sync?.calendars).toHaveLength(1)
  })
})
