import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ids, meeting, startHarness, refusal, type Harness } from './harness.ts'

let harness: Harness
beforeEach(async () => {
  harness = await startHarness()
})
afterEach(() => harness.close())

const insert = (properties: object, id = 'event1') =>
  harness.api('POST', '/calendars/primary/events', {
    body: { id, ...meeting('09:00', '10:00', { extendedProperties: properties }) },
  })

describe('extended properties', () => {
  it('with long keys are dropped and long values are cut, in silence', async () => {
    const { body } = await insert({
      private: { ['k'.repeat(44)]: 'v'.repeat(1024), ['l'.repeat(45)]: 'lost', cut: 'v'.repeat(1025) },
    })
    expect(body.extendedProperties).toEqual({
      private: { ['k'.repeat(44)]: 'v'.repeat(1024), cut: 'v'.repeat(1024) },
    })
  })

  it.each([
    ['above 300', Object.fromEntries(Array.from({ length: 301 }, (_, n) => [`k${n}`, 'v']))],
    ['above 32 kB', Object.fromEntries(Array.from({ length: 33 }, (_, n) => [`k${n}`, 'v'.repeat(1024)]))],
    ['that are no text', { k: 7 }],
  ])('%s are refused', async (_, properties) => {
    expect(refusal(await insert({ private: properties }))).toBe('400 invalid')
  })

  it('find events, private and shared ones apart', async () => {
    await insert({ private: { booking: 'a' } }, 'event1')
    await insert({ private: { booking: 'b' }, shared: { booking: 'a' } }, 'event2')
    expect(ids(await harness.list({ privateExtendedProperty: 'booking=a' }))).toEqual(['event1'])
    expect(ids(await harness.list({ sharedExtendedProperty: 'booking=a' }))).toEqual(['event2'])
    const both = { privateExtendedProperty: 'booking=b', sharedExtendedProperty: 'booking=a' }
    expect(ids(await harness.list(both))).toEqual(['event2'])
    expect(ids(await harness.list({ privateExtendedProperty: 'booking=' }))).toEqual([])
  })

  it('find deleted events with showDeleted', async () => {
    await insert({ private: { booking: 'a' } })
    await harness.api('DELETE', '/calendars/primary/events/event1')
    expect(ids(await harness.list({ privateExtendedProperty: 'booking=a' }))).toEqual([])
    const shown = await harness.list({ privateExtendedProperty: 'booking=a', showDeleted: 'true' })
    expect(shown.body.items).toEqual([{ id: 'event1', status: 'cancelled' }])
  })

  it('are a filter without a sync token, refused with one, without "=" and repeated', async () => {
    await insert({ private: { booking: 'a=b' } })
    const found = await harness.list({ privateExtendedProperty: 'booking=a=b' })
    expect(ids(found)).toEqual(['event1'])
    expect(found.body).not.toHaveProperty('nextSyncToken')
    const syncToken = (await harness.list()).body.nextSyncToken ?? ''
    expect(refusal(await harness.list({ syncToken, privateExtendedProperty: 'booking=a' }))).toBe('400 invalid')
    expect(refusal(await harness.list({ privateExtendedProperty: 'booking' }))).toBe('400 invalid')
    const twice = 'privateExtendedProperty=booking%3Da&privateExtendedProperty=booking%3Db'
    expect(refusal(await harness.api('GET', `/calendars/primary/events?${twice}`))).toBe('400 invalid')
  })
})
