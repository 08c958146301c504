import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isRecord } from '../../src/platform/json.ts'
import { statusPatch } from '../../src/kubernetes/status.ts'

type Json = Record<string, unknown>

/** RFC 7386, as the RFC writes it down. */
function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isRecord(patch)) return patch
  const result: Json = isRecord(target) ? { ...target } : {}
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) Reflect.deleteProperty(result, name)
    else result[name] = mergePatch(result[name], value)
  }
  return result
}

const name = fc.constantFrom('conditions', 'sync', 'authorization', 'a', 'b')
const { status } = fc.letrec<{ value: unknown; status: Json }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.string(),
    fc.integer(),
    fc.boolean(),
    fc.array(tie('status'), { maxLength: 3 }),
    tie('status'),
  ),
  status: fc.dictionary(name, tie('value'), { maxKeys: 4, noNullPrototype: true }),
}))

describe('the patch of a status', () => {
  it('turns any status into any other', () => {
    fc.assert(
      fc.property(status, status, (before, after) => {
        expect(mergePatch(before, statusPatch(before, after))).toEqual(after)
      }),
      { seed: 3, numRuns: 500 },
    )
  })

  it('is empty if nothing differs', () => {
    fc.assert(
      fc.property(status, (same) => {
        expect(statusPatch(same, structuredClone(same))).toEqual({})
      }),
      { seed: 3 },
    )
  })

  it('removes fields that are gone or undefined, at any depth', () => {
    const before = { sync: { error: 'x', events: 3 }, authorization: { url: 'y' }, old: 1 }
    const after = { sync: { error: undefined, events: 3 }, old: undefined }
    expect(statusPatch(before, after)).toEqual({ sync: { error: null }, authorization: null, old: null })
  })

  it('sends a list as a whole: a merge patch cannot change one condition', () => {
    const [ready, synced] = [
      { type: 'Ready', status: 'True' },
      { type: 'Synced', status: 'True' },
    ]
    const after = { conditions: [ready, { ...synced, status: 'False' }] }
    expect(statusPatch({ conditions: [ready, synced] }, after)).toEqual(after)
  })
})
