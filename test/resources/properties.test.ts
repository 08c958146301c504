import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseDuration } from '../../src/resources/durations.ts'
import { crds } from '../../src/resources/generated/crds.ts'
import { grantSecretName } from '../../src/resources/names.ts'
import { asKubectl } from '../../src/resources/problems.ts'
import type { StructuralSchema } from '../../src/resources/types.ts'
import { createValidator } from '../../src/resources/validate.ts'
import { agent, integration, problemsOf, type Json } from './manifests.ts'
import { runs } from '../support/runs.ts'

const SECOND = 1000
const HOUR = 3600 * SECOND
const RUNS = { seed: 20_261_123, numRuns: runs(300) }

const LIKELY = [
  ...['', 'a', 'alice', 'alice-google-grant', 'A', 'a_b', '-', 'primary', 'alice@example.com', 'x@y', '5m', '1h30m'],
  ...['9s', '24h', '25h', '999999h', 'h', 'https://booking.example.com', 'https://a/', 'http://localhost', 'é😀'],
  ...['https://www.googleapis.com/auth/calendar', '__proto__', 'constructor', '2026-11-23T10:00:00Z', '\u0000'],
]

/** Values that mostly are what the schema asks for, and now and then are not. */
function likely(schema: StructuralSchema): fc.Arbitrary<unknown> {
  return fc.oneof({ weight: 12, arbitrary: fitting(schema) }, { weight: 1, arbitrary: fc.jsonValue() })
}

function fitting(schema: StructuralSchema): fc.Arbitrary<unknown> {
  if (schema.enum) return fc.constantFrom(...schema.enum)
  if (schema.type === 'string') return fc.constantFrom(...LIKELY)
  if (schema.type === 'integer') return fc.integer({ min: -2, max: 400 })
  if (schema.type === 'boolean') return fc.boolean()
  if (schema.items) return fc.array(likely(schema.items), { maxLength: 3 })
  if (schema.additionalProperties) return fc.dictionary(fc.constantFrom(...LIKELY), likely(schema.additionalProperties))
  const fields = Object.entries(schema.properties ?? {}).map(([name, inner]) => [name, likely(inner)] as const)
  return fc.record(Object.fromEntries(fields), { requiredKeys: schema.required ?? [] })
}

const objects = (kind: string): fc.Arbitrary<Json> => {
  const schema = crds.find((crd) => crd.spec.names.kind === kind)?.spec.versions[0]?.schema.openAPIV3Schema ?? {}
  return fc.record({
    kind: fc.constant(kind),
    metadata: fc.oneof(
      { weight: 9, arbitrary: fc.constant({ name: 'alice' }) },
      { weight: 1, arbitrary: fc.jsonValue() },
    ),
    spec: likely(schema.properties?.spec ?? {}),
    status: likely(schema.properties?.status ?? {}),
  })
}

describe.each(['Agent', 'Booking', 'CalendarIntegration'])('whatever an %s holds', (kind) => {
  const crd = crds.find((one) => one.spec.names.kind === kind)!
  const validator = createValidator(crd)
  const anything = fc.oneof(objects(kind), fc.jsonValue())

  it('is judged without a crash, in sentences', () => {
    fc.assert(
      fc.property(anything, anything, (object, old) => {
        const problems = [
          ...validator.unknownFields(object),
          ...validator.problems(object, old),
          ...validator.problems(validator.default(validator.prune(object)), old),
        ]
        for (const problem of problems) expect(asKubectl(problem)).not.toMatch(/undefined|NaN|\[object/)
      }),
      RUNS,
    )
  })

  it('is pruned once and for all, and given its defaults once and for all', () => {
    fc.assert(
      fc.property(anything, (object) => {
        const pruned = validator.prune(object)
        expect(validator.prune(pruned)).toEqual(pruned)
        expect(validator.unknownFields(pruned)).toEqual([])
        const defaulted = validator.default(pruned)
        expect(validator.default(defaulted)).toEqual(defaulted)
        expect(validator.prune(defaulted)).toEqual(defaulted)
      }),
      RUNS,
    )
  })

  it('is left alone: judging changes nothing', () => {
    fc.assert(
      fc.property(anything, (object) => {
        const before = JSON.stringify(object)
        validator.prune(object)
        validator.default(object)
        validator.problems(object)
        expect(JSON.stringify(object)).toBe(before)
      }),
      RUNS,
    )
  })
})

describe('what is accepted', () => {
  it('has durations that are within their bounds, as we read them', () => {
    const pieces = [
      '',
      '0',
      '1',
      '5',
      '10',
      '24',
      '29',
      '30',
      '59',
      '168',
      '604800',
      '9999999',
      '1.5',
      '-1',
      ' ',
      '1e3',
    ]
    const units = ['h', 'm', 's', 'ms', 'd', '']
    const text = fc
      .array(fc.tuple(fc.constantFrom(...pieces), fc.constantFrom(...units)), { maxLength: 3 })
      .map((parts) => parts.flat().join(''))
    let accepted = 0
    fc.assert(
      fc.property(text, text, (interval, fullSyncInterval) => {
        if (problemsOf(integration({ sync: { interval, fullSyncInterval } })).length > 0) return
        accepted++
        const [one, other] = [parseDuration(interval) ?? NaN, parseDuration(fullSyncInterval) ?? NaN]
        expect(one >= 10 * SECOND && one <= 24 * HOUR).toBe(true)
        expect(other >= 30 * SECOND && other <= 168 * HOUR).toBe(true)
      }),
      { ...RUNS, numRuns: runs(4000) },
    )
    expect(accepted).toBeGreaterThan(runs(5))
  })

  it('leaves room for the names that we derive', () => {
    fc.assert(
      fc.property(fc.integer({ min: 200, max: 260 }), (length) => {
        const object = agent({}, { name: 'a'.repeat(length) })
        const derived = grantSecretName({ metadata: { name: 'a'.repeat(length) } })
        expect(problemsOf(object).length === 0).toBe(derived.length <= 253)
      }),
      RUNS,
    )
  })

  it('has a site that is its own origin, as browsers write it', () => {
    const hosts = ['booking.example.com', 'Booking.example.com', 'localhost', '127.0.0.1', '127.1', '10.0.0.1', '1.2']
    const more = [
      '0x7f.1',
      '[::1]',
      '[::2]',
      '[',
      'a..b',
      'a.b.',
      '-a.b',
      'a_b',
      '',
      'a b',
      '*.b',
      'a%20b',
      'é.example',
    ]
    const parts = fc.tuple(
      fc.constantFrom('https://', 'https://', 'https://', 'http://', 'HTTPS://', 'ftp://', '//', '', 'https:/'),
      fc.constantFrom('', '', '', '', '', '', 'u@', 'u:p@'),
      fc.constantFrom(...hosts, ...more),
      fc.constantFrom('', '', ':443', ':80', ':8443', ':0', ':', ':65535', ':65536', ':x', ':08'),
      fc.constantFrom('', '', '', '', '', '', '', '/', '/a', '?', '?a=b', '#', '\\', '\n', ' '),
    )
    let accepted = 0
    fc.assert(
      fc.property(parts, (texts) => {
        const siteURI = texts.join('')
        if (problemsOf(integration({ google: { siteURI } })).length > 0) return
        accepted++
        expect(new URL(siteURI).origin).toBe(siteURI)
      }),
      { ...RUNS, numRuns: runs(4000) },
    )
    expect(accepted).toBeGreaterThan(runs(40))
  })
})
