import { beforeEach, describe, expect, test } from 'vitest'
import type { Leadership, LeadershipEvents } from '../../src/kubernetes/leadership.ts'
import { RingMembers } from '../../src/sharding/ring-members.ts'
import { ringLeadership } from '../../src/sharding/ring-leadership.ts'
import { ManualClock, settle } from '../support/clock.ts'

/** A Lease that a test gives and takes. */
class PlayedLease implements Leadership {
  leading = false
  events: LeadershipEvents | undefined
  stopped = false
  assertLeading = async (): Promise<void> => undefined
  run = async (events: LeadershipEvents): Promise<void> => void (this.events = events)
  stop = async (): Promise<void> => void (this.stopped = true)
}

let member: PlayedLease
let keeper: PlayedLease
let members: RingMembers
let said: string[]
let ring: Leadership
let membersKnown: Promise<void>
/** Whether its work has ended: the process waits for that before it ends. */
let hasEnded: boolean

beforeEach(async () => {
  hasEnded = false
  ;[member, keeper, members, said] = [new PlayedLease(), new PlayedLease(), new RingMembers(new ManualClock()), []]
  membersKnown = Promise.resolve()
  ring = ringLeadership({
    ...{ member, keeper, members },
    membersKnown: () => membersKnown,
    onKeeping: () => said.push('keeps'),
    log: { info: (_, message) => void said.push(message) },
  })
})

const run = async (): Promise<void> => {
  const events = { onLeading: () => void said.push('begins'), onLost: () => void said.push('lost') }
  void ring.run(events).then(() => (hasEnded = true))
  await settle()
}

const seeMember = async (name: string): Promise<void> => {
  const after = { apiVersion: '', kind: 'Lease', metadata: { name, namespace: 'x' }, spec: { holderIdentity: name } }
  members.onLease({ after })
  await settle()
}

const WAITS = 'the ring has no member: this replica begins when no replica outside of it leads'

describe('the first member of a ring', () => {
  test('asks for its own Lease when it is the keeper, because a leader that is in no ring has ended by then', async () => {
    await run()
    expect([said, member.events]).toEqual([[WAITS], undefined])
    keeper.events?.onLeading()
    await settle()
    member.events?.onLeading()
    expect(said).toEqual([WAITS, 'keeps', 'begins'])
  })

  test('that ends before asks for nothing more', async () => {
    await run()
    expect(hasEnded).toBe(false)
    await ring.stop(true)
    await settle()
    expect([member.stopped, keeper.stopped, hasEnded]).toEqual([true, true, true])
  })

  test('that ends before it knows the members does not say that there are none', async () => {
    membersKnown = new Promise(() => undefined)
    await run()
    await ring.stop(true)
    await settle()
    expect([said, hasEnded]).toEqual([[], true])
  })
})

test('a member leads while it holds its own Lease, whoever the keeper is', async () => {
  keeper.leading = true
  expect(ring.leading).toBe(false)
  ;[member.leading, keeper.leading] = [true, false]
  expect(ring.leading).toBe(true)
  member.assertLeading = () => Promise.reject(new Error('another one holds it'))
  await expect(ring.assertLeading()).rejects.toThrow('another one holds it')
})

describe('a further member', () => {
  test('asks for its own Lease at once', async () => {
    await seeMember('pod-a')
    await run()
    expect([said, member.events]).toEqual([[], expect.anything()])
  })

  test('that waits beside the first one begins when that one has', async () => {
    await run()
    await seeMember('pod-a')
    expect(member.events).toBeDefined()
  })

  test.each(['member', 'keeper'] as const)('is lost when it loses the Lease of the %s', async (which) => {
    await seeMember('pod-a')
    await run()
    ;({ member, keeper })[which].events?.onLost()
    expect(said).toEqual(['lost'])
  })
})
