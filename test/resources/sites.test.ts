import { describe, expect, test } from 'vitest'
import { awaitsOlderClaim, claimOf, isSiteAccepted, siteHost, type Sites } from '../../src/resources/sites.ts'
import type { CalendarIntegration, Condition } from '../../src/resources/types.ts'
import { anIntegration } from '../support/resources.ts'

const HOST = 'booking.example.com'
const NOBODY: Sites = new Map()

const condition = (type: string, status: Condition['status'], reason: string, observedGeneration = 1): Condition => ({
  type,
  status,
  reason,
  observedGeneration,
  message: 'x',
  lastTransitionTime: '2026-11-23T10:00:00Z',
})

const PROVED = condition('CredentialsValid', 'True', 'Proved')
const ACCEPTED = condition('SiteAccepted', 'True', 'Accepted')
const CONFLICT = condition('SiteAccepted', 'False', 'SiteConflict')

interface Options {
  at?: number
  name?: string
  siteURI?: string
  conditions?: Condition[]
  suspend?: boolean
  metadata?: Partial<CalendarIntegration['metadata']>
  origin?: string
}

function claim(namespace: string, options: Options = {}): CalendarIntegration {
  const { at = 0, name = 'google', siteURI = `https://${HOST}`, conditions = [PROVED], suspend = false } = options
  const one = anIntegration({ siteURI })
  const creationTimestamp = `2026-11-23T10:00:${String(at).padStart(2, '0')}Z`
  const signIn = options.origin === undefined ? undefined : { javascriptOrigin: options.origin }
  return {
    ...one,
    metadata: { ...one.metadata, namespace, name, creationTimestamp, ...options.metadata },
    spec: { ...one.spec, suspend },
    status: { observedGeneration: 1, conditions, ...(signIn && { signIn }) },
  }
}

const owners = (integrations: CalendarIntegration[], sites = NOBODY, heldBy?: string): readonly string[] =>
  claimOf(HOST, { sites, integrations }, heldBy).namespaces

describe('the host of a site', () => {
  test.each([
    ['https://booking.example.com', HOST],
    ['https://booking.example.com:8443', HOST],
    ['https://BOOKING.example.com', HOST],
    ['https://booking.example.com.', HOST],
    ['https://bücher.example', 'xn--bcher-kva.example'],
    ['http://[0:0::1]:8080', '[::1]'],
    ['http://localhost:8080', 'localhost'],
    ['ftp://booking.example.com', undefined],
    ['booking.example.com', undefined],
    ['https://.', undefined],
    ['', undefined],
  ])('of %j is %j', (siteURI, host) => expect(siteHost(siteURI)).toBe(host))
})

describe('a host', () => {
  test('belongs to nobody while nobody with it is proved', () => {
    const conditions = [condition('CredentialsValid', 'False', 'InvalidClient')]
    expect(owners([claim('a', { conditions }), claim('b', { conditions: [] })])).toEqual([])
  })

  test('belongs to the namespace of the oldest integration that is proved', () => {
    const all = [claim('c', { at: 3 }), claim('b', { at: 2 }), claim('a', { at: 1, conditions: [] })]
    expect(owners(all)).toEqual(['b'])
  })

  test('of two that were made in the same second belongs to the first by namespace', () => {
    expect(owners([claim('b', { name: 'a' }), claim('a', { name: 'b' })])).toEqual(['a'])
  })

  test('is the same host on every port', () => {
    const other = `https://${HOST}:8443`
    expect(owners([claim('b', { at: 2 }), claim('a', { at: 1, siteURI: other })])).toEqual(['a'])
  })

  test('is not that of a part of it', () => {
    expect(owners([claim('a', { siteURI: `https://www.${HOST}` })])).toEqual([])
  })

  test('stays with its namespace, whatever happens to the credentials and whichever claim is older', () => {
    const bad = condition('CredentialsValid', 'False', 'InvalidClient')
    const all = [
      claim('a', { at: 1, conditions: [PROVED, CONFLICT] }),
      claim('b', { at: 2, conditions: [bad, ACCEPTED] }),
    ]
    expect(owners(all)).toEqual(['b'])
  })

  test('stays with the namespace while any integration of it has the host, though its status says nothing yet', () => {
    const all = [claim('a', { at: 1, conditions: [PROVED, CONFLICT] }), claim('b', { at: 2, conditions: [] })]
    expect(owners(all, NOBODY, 'b')).toEqual(['b'])
    expect(owners(all.slice(0, 1), NOBODY, 'b')).toEqual(['a'])
  })

  test('is not taken by a status that was restored by hand, while it is known who has it', () => {
    const all = [
      claim('a', { at: 1, conditions: [PROVED, ACCEPTED] }),
      claim('b', { at: 2, conditions: [PROVED, ACCEPTED] }),
    ]
    expect(owners(all, NOBODY, 'b')).toEqual(['b'])
  })

  test('is left by an integration that now names another one', () => {
    const moved = claim('a', { at: 1, siteURI: 'https://elsewhere.example.com', conditions: [PROVED, ACCEPTED] })
    expect(owners([moved, claim('b', { at: 2 })])).toEqual(['b'])
  })

  test('is not held by a status that spoke of another host', () => {
    const metadata = { generation: 2 }
    const conditions = [PROVED, ACCEPTED]
    const moved = claim('a', { at: 1, conditions, metadata, origin: 'https://elsewhere.example.com' })
    const stayed = claim('b', { at: 2, conditions, metadata, origin: `https://${HOST}` })
    expect(owners([moved, stayed])).toEqual(['b'])
  })

  test('is held by one that is being deleted, but not claimed by it', () => {
    const metadata = { deletionTimestamp: '2026-11-23T11:00:00Z' }
    expect(owners([claim('a', { metadata }), claim('b', { at: 2 })])).toEqual(['b'])
    const holder = claim('a', { metadata, conditions: [PROVED, ACCEPTED] })
    expect(owners([holder, claim('b', { at: 2 })])).toEqual(['a'])
  })

  test('that is listed belongs to the listed namespaces and to no other', () => {
    const sites: Sites = new Map([[HOST, ['x', 'y']]])
    expect(owners([claim('a', { conditions: [PROVED, ACCEPTED] })], sites, 'a')).toEqual(['x', 'y'])
  })
})

describe('pages are served on a site', () => {
  const accepted = (one: CalendarIntegration, all: CalendarIntegration[], sites = NOBODY): boolean =>
    isSiteAccepted(one, { sites, integrations: [one, ...all] })
  const holder = claim('a', { conditions: [PROVED, ACCEPTED] })

  test('once the status says so, and not before', () => {
    expect(accepted(holder, [])).toBe(true)
    expect(accepted(claim('a'), [])).toBe(false)
    expect(accepted(claim('a', { conditions: [PROVED, CONFLICT] }), [])).toBe(false)
  })

  test('whatever the status says, if the host is listed', () => {
    const sites: Sites = new Map([[HOST, ['b']]])
    expect(accepted(holder, [], sites)).toBe(false)
    expect(accepted(claim('b', { conditions: [] }), [holder], sites)).toBe(true)
  })

  test('of the older one alone, where two statuses say so', () => {
    const other = claim('b', { at: 1, conditions: [PROVED, ACCEPTED] })
    expect([accepted(holder, [other]), accepted(other, [holder])]).toEqual([true, false])
  })

  test('not of one whose status speaks of the site that it had before', () => {
    const metadata = { generation: 2 }
    const conditions = [PROVED, ACCEPTED]
    expect(accepted(claim('a', { conditions, metadata, origin: 'https://before.example.com' }), [])).toBe(false)
    expect(accepted(claim('a', { conditions, metadata, origin: `https://${HOST}:1` }), [])).toBe(true)
  })

  test('never if the address is invalid', () => expect(accepted(claim('a', { siteURI: 'nonsense' }), [])).toBe(false))
})

describe('an older claim that Google has not answered yet', () => {
  const young = claim('b', { at: 2 })
  const older = (options: Options = {}, namespace = 'a'): boolean =>
    awaitsOlderClaim(young, [young, claim(namespace, { at: 1, conditions: [], ...options })])
  const first = condition('CredentialsValid', 'Unknown', 'NotYetKnown')
  const away = condition('CredentialsValid', 'Unknown', 'GoogleUnreachable')

  test('is waited for', () => {
    expect(older()).toBe(true)
    expect(older({ conditions: [first] })).toBe(true)
  })

  test.each([
    ['a younger one', { at: 3 }],
    ['one that Google has answered', { conditions: [PROVED] }],
    ['one that Google does not answer', { conditions: [away] }],
    ['one that is suspended', { suspend: true }],
    ['one that is being deleted', { metadata: { deletionTimestamp: '2026-11-23T11:00:00Z' } }],
    ['one of another host', { siteURI: 'https://elsewhere.example.com' }],
  ])('is not %s', (_what, options) => expect(older(options)).toBe(false))

  test('is not one of the same namespace', () => expect(older({}, 'b')).toBe(false))
})
