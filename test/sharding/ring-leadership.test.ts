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

beforeEach(async () => {
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
  void ring.run({ onLeading: () => said.push('begins'), onLost: () => said.push('lost') })
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
    await ring.stop(true)
    expect([member.stopped, keeper.stopped]).toEqual([true, true])
  })

  test('that ends before it knows the members does not say that there are none', async () => {
    membersKnown = new Promise(() => undefined)
    await run()
    await ring.stop(true)
    await settle()
    expect(said).toEqual([])
  })
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
