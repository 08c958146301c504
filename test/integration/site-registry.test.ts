/** Who is given a site, as the leader decides it from one reconcile to the next. */
import { beforeEach, describe, expect, test } from 'vitest'
import type { CredentialsFinding } from '../../src/integration/findings.ts'
import { SiteRegistry } from '../../src/integration/site-registry.ts'
import { createCaches, type Caches } from '../../src/kubernetes/caches.ts'
import { keyOf } from '../../src/kubernetes/port.ts'
import type { Sites } from '../../src/resources/sites.ts'
import type { CalendarIntegration } from '../../src/resources/types.ts'
import { ManualClock } from '../support/clock.ts'
import { silent } from '../support/log.ts'
import { anIntegration } from '../support/resources.ts'

const PROVED: CredentialsFinding = { status: 'True', reason: 'Proved', message: 'good' }
const REFUSED: CredentialsFinding = { status: 'False', reason: 'InvalidClient', message: 'bad' }
const UNHEARD: CredentialsFinding = { status: 'Unknown', reason: 'NotYetKnown', message: 'soon' }

let clock: ManualClock
let caches: Caches
let registry: SiteRegistry
let woken: string[]

function open(sites: Sites = new Map()): void {
  registry = new SiteRegistry({ cluster: caches, clock, sites })
  woken = []
  registry.onClaim((key) => void woken.push(key))
}

beforeEach(() => {
  clock = new ManualClock()
  caches = createCaches(silent)
  open()
})

let version = 1

/** Puts an integration into the store; `second` is when it was made. */
function put(namespace: string, second: number, siteURI = 'https://a.example'): CalendarIntegration {
  const one = anIntegration({ siteURI })
  const creationTimestamp = `2026-11-23T10:00:0${second}Z`
  const metadata = { ...one.metadata, namespace, creationTimestamp, uid: namespace, resourceVersion: String(version++) }
  const made = { ...one, metadata }
  caches.integrations.put(made)
  return made
}

const decide = (one: CalendarIntegration, credentials = PROVED): string => registry.decide(one, credentials).reason

describe('a site', () => {
  test('that nobody’s good credentials ask for is nobody’s', () => {
    expect(decide(put('a', 1), REFUSED)).toBe('NotYetKnown')
    expect(woken).toEqual([])
  })

  test('is given to the first with good credentials, and the others are woken', () => {
    const other = put('b', 2)
    expect(decide(put('a', 1))).toBe('Accepted')
    expect(woken).toEqual(['b/google'])
    expect(decide(other)).toBe('SiteConflict')
    expect(woken).toEqual(['b/google'])
  })

  test('waits for Google’s first word on an older claim, for ten seconds and no longer', async () => {
    const [older, young] = [put('a', 1), put('b', 2)]
    expect(decide(young)).toBe('NotYetKnown')
    expect(decide(older, UNHEARD)).toBe('NotYetKnown')
    await clock.advance(9_000)
    clock.setTimeOfDay(-3_600_000)
    expect(decide(young)).toBe('NotYetKnown')
    await clock.advance(1_000)
    expect(decide(young)).toBe('Accepted')
    expect(decide(older)).toBe('SiteConflict')
  })

  test('goes to the older claim that Google accepts in time', () => {
    const [older, young] = [put('a', 1), put('b', 2)]
    expect(decide(young)).toBe('NotYetKnown')
    expect(decide(older)).toBe('Accepted')
    expect(decide(young)).toBe('SiteConflict')
  })

  test('is not taken from a namespace that replaces its integration, and passes on once nobody there has it', () => {
    const [first, rival] = [put('a', 1), put('b', 2)]
    expect([decide(first), decide(rival)]).toEqual(['Accepted', 'SiteConflict'])
    caches.integrations.remove(keyOf(first))
    const replaced = put('a', 3)
    expect([decide(rival), decide(replaced, REFUSED)]).toEqual(['SiteConflict', 'Accepted'])
    caches.integrations.remove(keyOf(replaced))
    registry.sweep()
    expect(decide(rival)).toBe('Accepted')
  })

  test('is forgotten once it was left, however often one integration names another', () => {
    for (let host = 0; host < 1_000; host++) expect(decide(put('a', 1, `https://${host}.a.example`))).toBe('Accepted')
    expect(registry.size).toBeLessThan(200)
  })

  test('that is listed is never assigned', () => {
    open(new Map([['a.example', ['b']]]))
    const [a, b] = [put('a', 1), put('b', 2)]
    expect([decide(a), decide(b, REFUSED), decide(a)]).toEqual(['SiteConflict', 'Accepted', 'SiteConflict'])
    expect(woken).toEqual([])
  })

  test('has no host if the address is invalid', () => {
    expect(decide(put('a', 1, 'nonsense'))).toBe('NotYetKnown')
  })
})
