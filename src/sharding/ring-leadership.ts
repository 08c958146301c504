/** The two Leases of a member of a ring: its own, without which it does nothing, and the keeper's, which one of the members has. */
import type { Leadership } from '../kubernetes/leadership.ts'

/** What a member of a ring holds. */
interface RingLeases {
  /** Held while this replica is a member. */
  member: Leadership
  /** Held by one of the members. */
  keeper: Leadership
  /** Resolves once the other members are known: before that, this replica would take their parts of the budgets. */
  membersKnown: () => Promise<void>
  /** Called once, when this replica becomes the keeper. */
  onKeeping: () => void
}

/** The leadership of a member: it may reconcile what is assigned to it. Losing either Lease ends the process. */
export function ringLeadership({ member, keeper, membersKnown, onKeeping }: RingLeases): Leadership {
  let stop = (): void => undefined
  const stopped = new Promise<'stopped'>((resolve) => (stop = () => resolve('stopped')))
  return {
    get leading() {
      return member.leading
    },
    assertLeading: () => member.assertLeading(),
    async run(events) {
      if ((await Promise.race([stopped, membersKnown()])) === 'stopped') return
      await Promise.all([member.run(events), keeper.run({ onLeading: onKeeping, onLost: () => events.onLost() })])
    },
    async stop(release) {
      stop()
      await Promise.all([member.stop(release), keeper.stop(release)])
    },
  }
}
