/**
 * Two replicas as they ship, and one Lease. The API server's audit log shows that they never write at the same time: each replica
 * has its own user.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Body } from '../../contract/client.ts'
import { acceptedWritesOf, leaseWritesOf, told, writesOf } from './support/audit.ts'
import { HOME, type Replica } from './support/replica.ts'
import { Harness } from './support/harness.ts'
import type { NamespaceFixture } from './support/namespace-fixture.ts'
import { until } from './support/until.ts'

const LEASE_MS = 15_000
const PEOPLE = ['alice', 'bob', 'carol', 'dora', 'emil', 'frida', 'gustav', 'hanna', 'ida', 'jakob', 'klara', 'lukas']

let harness: Harness
let fixture: NamespaceFixture

beforeAll(async () => {
  harness = await Harness.start()
  fixture = await harness.namespace('booking')
  for (const name of PEOPLE) await fixture.addPerson(name)
})
afterAll(() => harness.stop())

const holder = async (): Promise<string> => {
  const lease: Body | undefined = await fixture.objects.find('Lease', 'calendar-operator', HOME)
  return (lease?.spec as { holderIdentity?: string } | undefined)?.holderIdentity ?? ''
}
const untilLeads = ({ name }: Replica): Promise<true> =>
  until(`${name} leads`, async () => (await holder()).startsWith(`${name}_`))

let round = 0
/** Makes a change for everybody, so that the leader has something to write. */
const changeAll = async (): Promise<void> => {
  round += 1
  for (const name of PEOPLE) fixture.addEvent(name, 2 * round)
  await Promise.all(PEOPLE.map((name) => fixture.ask(name, `round ${round}`)))
}
const untilAllTaken = (): Promise<true> =>
  until(`everybody's ${round} appointments are published`, async () => {
    const counts = await Promise.all(PEOPLE.map(async (name) => (await fixture.busy(name)).length))
    if (counts.every((count) => count === round)) return true
    throw new Error(`there are ${counts.join(', ')}`)
  })

/** Checks that the second replica's first write comes after the first one's last write. */
function expectInTurn(first: string, second: string): void {
  const last = acceptedWritesOf(harness.kubernetes, first).at(-1)
  const next = acceptedWritesOf(harness.kubernetes, second)[0]
  expect(last?.at, `${first} wrote nothing`).toBeDefined()
  expect(next?.at, `${second} wrote nothing`).toBeDefined()
  expect(next!.at, told([last!, next!]).join('\n')).toBeGreaterThan(last!.at)
}

describe('two replicas', () => {
  let first: Replica, second: Replica, third: Replica, fourth: Replica

  it('hand over in an orderly way: the Lease is released, and the other takes over at once', async () => {
    first = await harness.replica('first', { leaderElect: true })
    await untilLeads(first)
    second = await harness.replica('second', { leaderElect: true })
    await fixture.untilReady(...PEOPLE)
    await changeAll()
    await first.end()
    expect(first.ended).toBe('exit code 0')
    await untilLeads(second)
    await untilAllTaken()
    const released = leaseWritesOf(harness.kubernetes, 'first').at(-1)!
    const taken = leaseWritesOf(harness.kubernetes, 'second')[0]!
    // It does not have to wait until the Lease has expired.
    expect(taken.at - released.at, told([released, taken]).join('\n')).toBeLessThan(LEASE_MS)
    // Its own first writes, whatever was left to do.
    await changeAll()
    await untilAllTaken()
    expectInTurn('first', 'second')
  })

  it('after kill -9 of the leader: the other waits until the Lease has expired, and misses nothing', async () => {
    third = await harness.replica('third', { leaderElect: true })
    await changeAll()
    await until('it works', async () => writesOf(harness.kubernetes, 'second').length > PEOPLE.length)
    await second.kill()
    await changeAll()
    await untilLeads(third)
    await untilAllTaken()
    const renewed = leaseWritesOf(harness.kubernetes, 'second').at(-1)!
    const taken = leaseWritesOf(harness.kubernetes, 'third')[0]!
    expect(taken.at - renewed.at, told([renewed, taken]).join('\n')).toBeGreaterThanOrEqual(LEASE_MS)
    expectInTurn('second', 'third')
  })

  it('a leader that was frozen for longer than its Lease wakes up, changes nothing, and stops', async () => {
    fourth = await harness.replica('fourth', { leaderElect: true })
    const before = writesOf(harness.kubernetes, 'third').length
    await changeAll()
    // In the middle of its work: answers wait for it when it continues.
    await until('it works', async () => writesOf(harness.kubernetes, 'third').length > before)
    third.freeze()
    await changeAll()
    await untilLeads(fourth)
    await untilAllTaken()
    const thawedAt = Date.now()
    third.thaw()
    await until('it has ended', async () => third.ended !== undefined)
    expect(third.ended, third.tail()).toBe('exit code 1')
    expect(third.tail()).toContain('the lease is lost')
    // A write may be frozen between the last look at the Lease and its way out. It names the version that it was decided on, and is refused.
    const late = acceptedWritesOf(harness.kubernetes, 'third').filter(({ at }) => at >= thawedAt)
    expect(told(late)).toEqual([])
    expectInTurn('third', 'fourth')
  })

  it('settle: nothing changes any more', async () => {
    await fixture.untilReady(...PEOPLE)
    await fixture.untilStill()
  })
})
