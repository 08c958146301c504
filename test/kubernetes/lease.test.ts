import { beforeEach, describe, expect, it } from 'vitest'
import { settle } from '../support/clock.ts'
import { LeaseFixture, SECOND } from './support/lease.ts'
import type { Fate } from './support/lease-server.ts'

let clock: LeaseFixture['clock']
let server: LeaseFixture['server']
let told: LeaseFixture['told']
let candidate: LeaseFixture['candidate']
let leader: LeaseFixture['leader']
let warnings: LeaseFixture['warnings']

beforeEach(() => {
  ;({ clock, server, told, candidate, leader, warnings } = new LeaseFixture())
})

describe('a leader', () => {
  it('creates the Lease if there is none, with the holder and the time for people', async () => {
    candidate('a')
    await settle()
    expect(told).toEqual(['a leads'])
    expect(server.lease?.spec).toEqual({
      holderIdentity: 'a',
      leaseDurationSeconds: 15,
      leaseTransitions: 0,
      acquireTime: '2026-11-23T10:00:00.000000Z',
      renewTime: '2026-11-23T10:00:00.000000Z',
    })
  })

  it('renews every two seconds with one request', async () => {
    await leader()
    await clock.advance(10 * SECOND)
    expect(server.requests).toEqual(Array(5).fill('PUT'))
    expect(server.lease?.spec).toMatchObject({
      acquireTime: '2026-11-23T10:00:00.000000Z',
      renewTime: expect.stringMatching(/T10:00:1(3\.99\d|4\.00\d)000Z$/) as unknown,
    })
    expect(told).toEqual(['a leads'])
  })

  it('renews every two seconds, whatever chance says, so that its term never comes closer to its end', async () => {
    candidate('a', 0.999)
    await settle()
    server.requests.length = 0
    await clock.advance(10 * SECOND)
    expect(server.requests).toEqual(Array(5).fill('PUT'))
  })

  it('that writes between two renewals sends no request for that', async () => {
    const election = await leader()
    await clock.advance(1.5 * SECOND)
    await election.assertLeading()
    expect(server.requests).toEqual([])
  })

  it('that has led for an hour notices that its machine slept for fifteen seconds', async () => {
    const election = await leader()
    await clock.advance(3_600 * SECOND)
    server.requests.length = 0
    clock.setTimeOfDay(15 * SECOND)
    await expect(settled(election.assertLeading())).resolves.toBe('fine')
    expect(server.requests).toEqual(['PUT'])
  })

  it('keeps leading when somebody puts a label on the Lease', async () => {
    const election = await leader()
    server.edit((lease) => (lease.metadata.labels = { team: 'booking' }))
    await clock.advance(2 * SECOND)
    expect(server.requests).toEqual(['PUT', 'GET', 'PUT'])
    expect(server.lease?.metadata.labels).toEqual({ team: 'booking' })
    await clock.advance(30 * SECOND)
    expect(election.leading).toBe(true)
  })

  it('keeps leading when the response to a renewal is lost: the next attempt finds its own name', async () => {
    const election = await leader()
    server.next.push('answer is lost')
    await clock.advance(30 * SECOND)
    expect(election.leading).toBe(true)
    expect(told).toEqual(['a leads'])
  })

  it('creates the Lease again when somebody deletes it', async () => {
    const election = await leader()
    server.lease = undefined
    await clock.advance(2 * SECOND)
    expect(server.lease).toMatchObject({ spec: { holderIdentity: 'a' } })
    expect(election.leading).toBe(true)
  })

  it('does not take a refused request for a Lease that is gone or taken', async () => {
    await leader()
    server.next.push('refused')
    await clock.advance(2 * SECOND)
    expect(server.requests).toEqual(['PUT'])
  })

  it('that cannot renew says why, once for each reason', async () => {
    await leader()
    server.next.push('refused', 'refused')
    await clock.advance(6 * SECOND)
    expect(warnings()).toHaveLength(1)
    server.next.push('refused')
    await clock.advance(4 * SECOND)
    expect(warnings()).toHaveLength(2)
  })

  it('survives one request that hangs: there is time for another', async () => {
    const election = await leader()
    server.next.push('hangs')
    await clock.advance(2 * SECOND)
    await clock.advance(9 * SECOND)
    expect(election.leading).toBe(true)
    expect(told).toEqual(['a leads'])
  })

  it.each<Fate>(['hangs', 'refused'])(
    'that cannot renew (the server %s) ends ten seconds after it began its last renewal, and is told once',
    async (fate) => {
      const election = await leader()
      server.fate = fate
      await clock.advance(10 * SECOND - 20)
      expect([told, election.leading]).toEqual([['a leads'], true])
      await clock.advance(20)
      expect([told, election.leading]).toEqual([['a leads', 'a lost'], false])
      server.fate = 'answered'
      server.requests.length = 0
      await clock.advance(60 * SECOND)
      expect(told).toEqual(['a leads', 'a lost'])
      expect(server.requests).toEqual([])
    },
  )

  it('that was suspended notices it at its next write, before any timer fires', async () => {
    const election = await leader()
    await expect(election.assertLeading()).resolves.toBeUndefined()
    clock.jump(10 * SECOND)
    expect(told).toEqual(['a leads'])
    await expect(election.assertLeading()).rejects.toThrow('this replica does not lead')
    expect(told).toEqual(['a leads', 'a lost'])
  })

  it('no longer leads once its term is over, before any timer fires', async () => {
    const election = await leader()
    clock.jump(10 * SECOND)
    expect(election.leading).toBe(false)
  })

  it.each([3_600_000, -3_600_000, 86_400_000 * 365])(
    'is none the less for a time of day that leaps by %i ms, and none the more',
    async (leap) => {
      const election = await leader()
      const other = candidate('b')
      await clock.advance(3 * SECOND)
      clock.setTimeOfDay(leap)
      await expect(settled(election.assertLeading())).resolves.toBe('fine')
      await clock.advance(60 * SECOND)
      expect([told, election.leading, other.leading]).toEqual([['a leads'], true, false])
    },
  )

  it('whose machine may have slept renews once before it writes, and not again', async () => {
    const election = await leader()
    clock.setTimeOfDay(3_600_000)
    await expect(settled(Promise.all([election.assertLeading(), election.assertLeading()]))).resolves.toBe('fine')
    await election.assertLeading()
    expect(server.requests).toEqual(['PUT'])
  })

  it('whose machine has slept while another took over does not write', async () => {
    const election = await leader()
    clock.setTimeOfDay(3_600_000)
    server.edit((lease) => Object.assign(lease.spec, { holderIdentity: 'b' }))
    await expect(settled(election.assertLeading())).resolves.toBe('this replica does not lead')
    expect(told).toEqual(['a leads', 'a lost'])
  })

  it('whose machine slept during a renewal does not trust the response', async () => {
    const election = await leader()
    server.next.push('hangs')
    await clock.advance(2 * SECOND)
    expect(server.requests).toEqual(['PUT'])
    clock.setTimeOfDay(3_600_000)
    const act = settled(election.assertLeading())
    await clock.advance(8 * SECOND)
    await expect(act).resolves.toBe('fine')
    expect(server.requests.length).toBeGreaterThan(1)
  })

  it('whose machine may have slept and that cannot renew does not write, and ends with its term', async () => {
    const election = await leader()
    clock.setTimeOfDay(3_600_000)
    server.fate = 'refused'
    await expect(settled(election.assertLeading())).resolves.toBe('this replica does not lead')
    expect(told).toEqual(['a leads'])
    await clock.advance(10 * SECOND)
    expect(told).toEqual(['a leads', 'a lost'])
  })

  it.each(['b', ''])('ends at once when the Lease names "%s"', async (holderIdentity) => {
    const election = await leader()
    server.edit((lease) => Object.assign(lease.spec, { holderIdentity }))
    await clock.advance(2 * SECOND)
    expect(told).toEqual(['a leads', 'a lost'])
    expect(election.leading).toBe(false)
    expect(server.lease?.spec.holderIdentity).toBe(holderIdentity)
  })
})

/** What became of it. */
const settled = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'fine',
    (error: unknown) => (error as Error).message,
  )

describe('stopping', () => {
  it('releases the Lease: the next candidate leads at its next attempt', async () => {
    const election = await leader()
    const other = candidate('b')
    await settle()
    await election.stop()
    expect(server.lease?.spec).toMatchObject({ holderIdentity: '', leaseDurationSeconds: 1 })
    expect(election.leading).toBe(false)
    await clock.advance(2 * SECOND)
    expect(other.leading).toBe(true)
    expect(told).toEqual(['a leads', 'b leads'])
  })

  it('releases the Lease although the response to the last renewal was lost', async () => {
    const election = await leader()
    server.next.push('answer is lost')
    await clock.advance(2 * SECOND)
    await election.stop()
    expect(server.lease?.spec.holderIdentity).toBe('')
  })

  it('takes a second and a half at most, and does not report a lost Lease', async () => {
    const election = await leader()
    server.fate = 'hangs'
    await clock.advance(2 * SECOND)
    let ended = false
    void election.stop().then(() => (ended = true))
    await settle()
    await clock.advance(1_500)
    expect(ended).toBe(true)
    await clock.advance(60 * SECOND)
    expect(told).toEqual(['a leads'])
    expect(clock.pending).toEqual([])
  })

  it('never frees the Lease of another that has taken it meanwhile', async () => {
    const election = await leader()
    server.edit((lease) => Object.assign(lease.spec, { holderIdentity: 'b' }))
    await election.stop()
    expect(server.requests).toEqual(['PUT', 'GET'])
    expect(server.lease?.spec.holderIdentity).toBe('b')
  })

  it('lets the Lease expire if work may still run', async () => {
    const election = await leader()
    await election.stop(false)
    expect([server.requests, election.leading]).toEqual([[], false])
    await clock.advance(60 * SECOND)
    expect(told).toEqual(['a leads'])
  })

  it('as a candidate writes nothing', async () => {
    await leader()
    const other = candidate('b')
    await settle()
    const before = server.lease
    await other.stop()
    expect(server.lease).toEqual(before)
  })
})
