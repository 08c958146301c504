import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { describe, expect, it } from 'vitest'
import { missingScopes } from '../../src/google/scopes.ts'

const scope = (name: string): string => `https://www.googleapis.com/auth/${name}`

describe('missing scopes', () => {
  it.each<[string, string, boolean]>([
    ['calendar', 'calendar', true],
    ['calendar', 'calendar.readonly', true],
    ['calendar', 'calendar.events', true],
    ['calendar', 'calendar.acls', true],
    ['calendar', 'calendar.of.tomorrow', true],
    ['calendar', 'calendarx', false],
    ['calendar', 'drive', false],
    ['calendar.readonly', 'calendar.events.readonly', true],
    ['calendar.readonly', 'calendar.calendarlist.readonly', true],
    ['calendar.readonly', 'calendar.freebusy', true],
    ['calendar.readonly', 'calendar.events', false],
    ['calendar.readonly', 'calendar.acls.readonly', false],
    ['calendar.readonly', 'calendar', false],
    ['calendar.events', 'calendar.events.readonly', true],
    ['calendar.events', 'calendar.events.owned', true],
    ['calendar.events', 'calendar.freebusy', false],
    ['calendar.events', 'calendar.events.freebusy', false],
    ['calendar.events', 'calendar.calendarlist.readonly', false],
    ['calendar.events', 'calendar.readonly', false],
    ['calendar.events.readonly', 'calendar.events', false],
    ['calendar.calendarlist', 'calendar.calendarlist.readonly', true],
    ['calendar.calendarlist.readonly', 'calendar.calendarlist', false],
    ['constructor', 'calendar', false],
  ])('given %s, %s is covered: %s', (given, required, covered) => {
    expect(missingScopes([scope(required)], [scope(given)])).toEqual(covered ? [] : [scope(required)])
  })

  it('names every scope that is missing, in the order in which they are required', () => {
    const required = [scope('drive'), scope('calendar.events'), 'openid']
    expect(missingScopes(required, [scope('calendar')])).toEqual([scope('drive'), 'openid'])
    expect(missingScopes(required, [])).toEqual(required)
    expect(missingScopes([], [])).toEqual([])
  })

  it('takes several narrow scopes for what each of them covers, not for a broad one', () => {
    const granted = ['calendar.events', 'calendar.calendarlist', 'openid'].map(scope)
    expect(missingScopes(['calendar.events.readonly', 'calendar.calendarlist.readonly'].map(scope), granted)).toEqual(
      [],
    )
    expect(missingScopes([scope('calendar')], granted)).toEqual([scope('calendar')])
  })

  it('compares the whole scope: another host with the same ending is another scope', () => {
    expect(missingScopes([scope('calendar.events')], ['https://example.com/auth/calendar'])).toHaveLength(1)
    expect(missingScopes(['https://example.com/auth/calendar.events'], [scope('calendar')])).toHaveLength(1)
    const alike = 'https://www.g00gleapis.com/auth/'
    expect(missingScopes([scope('calendar.events')], [`${alike}calendar`])).toHaveLength(1)
    expect(missingScopes([`${alike}calendar.events`], [scope('calendar')])).toHaveLength(1)
  })
})

describe('the coverage, compared with the discovery text that the library ships', () => {
  // What we call by: a scope may cover another only if each of these methods that takes the narrow one takes the broad one.
  const methods = methodScopes()
  const ours = ['calendarList.get', 'calendarList.list', 'events.list', 'events.get', 'freebusy.query', 'settings.get']
  const all = [...new Set([...methods.values()].flat())]

  it('finds the methods', () => {
    expect([...methods.keys()]).toEqual(expect.arrayContaining(ours))
    expect(all.length).toBeGreaterThan(15)
  })

  it.each(ours)('never lets through to %s what it would refuse', (method) => {
    const takes = methods.get(method) ?? []
    for (const narrow of takes) {
      const covering = all.filter((given) => missingScopes([narrow], [given]).length === 0)
      expect(covering.filter((given) => !takes.includes(given))).toEqual([])
    }
  })
})

/** Each method's scopes, from the samples in the library's types. */
function methodScopes(): Map<string, string[]> {
  const types = createRequire(import.meta.url)
    .resolve('googleapis/build/src/apis/calendar/v3.js')
    .replace(/js$/, 'd.ts')
  const samples = readFileSync(types, 'utf8').matchAll(/scopes: \[([^\]]*)\][^]*?await calendar\.([\w.]+)\(/g)
  return new Map(
    [...samples].map(([, list = '', method = '']) => [
      method,
      [...list.matchAll(/'([^']+)'/g)].map(([, one = '']) => one),
    ]),
  )
}
