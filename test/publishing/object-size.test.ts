import { describe, expect, test } from 'vitest'
import { fit, MAX_OBJECT_BYTES } from '../../src/publishing/object-size.ts'

const object = { kind: 'ConfigMap', name: 'alice-calendar' } as const
const busy = { 'busy.json': 'b'.repeat(1_000), 'busy.ics': 'i'.repeat(1_000) }

describe('what is published', () => {
  test('is everything up to the limit, counted in bytes', () => {
    const full = { ...busy, 'events.json': 'e'.repeat(MAX_OBJECT_BYTES - 2_000) }
    expect(fit(object, full)).toEqual({ data: full, tooLarge: undefined })
    expect(fit(object, { ...full, 'events.json': `${full['events.json'].slice(1)}é` }).tooLarge).toBeDefined()
  })

  test('is the busy time alone if the events do not fit, and that is said', () => {
    const { data, tooLarge } = fit(object, { ...busy, 'events.json': 'e'.repeat(1_000_000), 'events.ics': 'f' })
    expect(data).toEqual(busy)
    expect(tooLarge).toContain('ConfigMap alice-calendar would hold 1003 kB, 103 kB more than fits')
  })

  test('is nothing if even the busy time does not fit, or if there is none', () => {
    const large = 'x'.repeat(1_000_000)
    for (const data of [{ 'busy.json': large }, { 'events.json': large }] as Record<string, string>[]) {
      expect(fit(object, data).data).toBeUndefined()
      expect(fit(object, data).tooLarge).toContain('1000 kB')
    }
  })

  test('would be larger still if a file was left out while it was rendered', () => {
    const large = { ...busy, 'events.json': 'e'.repeat(1_000_000) }
    expect(fit(object, large).tooLarge).toContain('at least 1002 kB')
    expect(fit(object, { ...large, 'events.ics': 'f' }).tooLarge).not.toContain('at least')
  })
})
