/** A replica that does not lead: when it may take the Lease, and when not. */
import { beforeEach, describe, expect, it } from 'vitest'
import { settle } from '../support/clock.ts'
import { LeaseFixture, SECOND } from './support/lease.ts'

let clock: LeaseFixture['clock']
let server: LeaseFixture['server']
let told: LeaseFixture['told']
let candidate: LeaseFixture['candidate']
let leader: LeaseFixture['leader']

beforeEach(() => {
  ;({ clock, server, told, candidate, leader } = new LeaseFixture())
})

describe('a candidate', () => {
  it('does not wait for a wrong duration in the Lease', async () => {
    await leader()
    server.edit((lease) => Object.assign(lease.spec, { holderIdentity: 'dead', leaseDurationSeconds: 86_400 }))
    candidate('b')
    await settle()
    await clock.advance(63 * SECOND)
    expect(told).toContain('b leads')
  })

  it('whose clock leaps does not take the Lease of another', async () => {
    await leader()
    const other = candidate('b')
    await settle()
    for (const leap of [3_600_000, -7_200_000]) {
      clock.setTimeOfDay(leap)
      await clock.advance(20 * SECOND)
    }
    expect(other.leading).toBe(false)
  })

  it('waits for fifteen seconds after the last change that it saw, whatever the times in the Lease are', async () => {
    await leader()
    server.edit((lease) =>
      Object.assign(lease.spec, { renewTime: '1999-01-01T00:00:00.000000Z', holderIdentity: 'dead' }),
    )
    await clock.advance(2 * SECOND)
    expect(told).toEqual(['a leads', 'a lost'])
    const other = candidate('b')
    await settle()
    await clock.advance(14 * SECOND)
    expect(other.leading).toBe(false)
    await clock.advance(2 * SECOND)
    expect(other.leading).toBe(true)
    expect(server.lease?.spec).toMatchObject({ holderIdentity: 'b', leaseTransitions: 1 })
  })

  it('looks every two seconds, and up to a fifth later, by chance, so that candidates spread out', async () => {
    await leader()
    candidate('b', 1)
    await settle()
    const looks = (): number => server.requests.filter((method) => method === 'GET').length
    expect(looks()).toBe(1)
    await clock.advance(12 * SECOND)
    expect(looks()).toBe(6)
  })

  it('never takes the Lease from a holder that renews', async () => {
    await leader()
    const other = candidate('b')
    await clock.advance(120 * SECOND)
    expect(other.leading).toBe(false)
    expect(told).toEqual(['a leads'])
  })

  it('is not delayed by changed labels: only the spec counts', async () => {
    await leader()
    server.edit((lease) => Object.assign(lease.spec, { holderIdentity: 'dead' }))
    const other = candidate('b')
    for (let turn = 0; turn < 9; turn++) {
      await clock.advance(2 * SECOND)
      server.edit((lease) => (lease.metadata.labels = { turn }))
    }
    expect(other.leading).toBe(true)
  })

  it('waits for the duration in the Lease', async () => {
    await leader()
    server.edit((lease) => Object.assign(lease.spec, { holderIdentity: 'slow', leaseDurationSeconds: 60 }))
    const other = candidate('b')
    await clock.advance(59 * SECOND)
    expect(other.leading).toBe(false)
    await clock.advance(6 * SECOND)
    expect(other.leading).toBe(true)
  })

  it('that loses the race for an expired Lease stays a candidate', async () => {
    await leader()
    server.edit((lease) => Object.assign(lease.spec, { holderIdentity: 'dead' }))
    const others = [candidate('b'), candidate('c')]
    await clock.advance(20 * SECOND)
    expect(others.filter(({ leading }) => leading)).toHaveLength(1)
    await clock.advance(60 * SECOND)
    expect(others.filter(({ leading }) => leading)).toHaveLength(1)
  })

  it.each([
    ['the process was suspended for the length of a term', () => clock.jump(11 * SECOND)],
    ['the machine may have slept', () => clock.setTimeOfDay(3_600 * SECOND)],
  ])('does not lead by an answer that came while %s: it asks once more', async (_, meanwhile) => {
    server.next.push('answered', 'held')
    const election = candidate('a')
    await settle()
    expect(server.requests).toEqual(['GET', 'POST'])
    meanwhile()
    server.held.shift()?.()
    await settle()
    expect([told, election.leading]).toEqual([[], false])
    await clock.advance(3 * SECOND)
    expect([told, election.leading]).toEqual([['a leads'], true])
  })

  it('leads after a lost response, too: it finds its own name in the Lease', async () => {
    server.next.push('answered', 'answer is lost')
    const election = candidate('a')
    await settle()
    await clock.advance(5 * SECOND)
    expect(server.lease?.spec.holderIdentity).toBe('a')
    expect(told).toEqual([])
    await clock.advance(2 * SECOND)
    expect(election.leading).toBe(true)
    expect(told).toEqual(['a leads'])
  })
})
