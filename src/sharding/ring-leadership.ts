/**
 * The two Leases of a member of a ring: its own, without which it does nothing, and the keeper's, which one of the members has. The
 * keeper's is also that of a leader that is in no ring and reconciles all Agents. Therefore, the first member of a ring begins when it
 * is the keeper: that leader has ended by then. The others begin when there is a member.
 */
import type { Leadership } from '../kubernetes/leadership.ts'
import type { Log } from '../platform/log.ts'
import type { RingMembers } from './ring-members.ts'

/** What a member of a ring holds. */
interface RingLeases {
  /** Held while this replica is a member. */
  member: Leadership
  /** Held by one of the members. */
  keeper: Leadership
  /** Resolves once the other members are known: before that, this replica would take their parts of the budgets. */
  membersKnown: () => Promise<void>
  /** Those that are known: this replica's former process is one of them. */
  members: Pick<RingMembers, 'isEmpty' | 'anySeen'>
  /** Called once, when this replica becomes the keeper. */
  onKeeping: () => void
  log: Pick<Log, 'info'>
}

/** The leadership of a member: it may reconcile what is assigned to it. Losing either Lease ends the process. */
export function ringLeadership({ member, keeper, membersKnown, members, onKeeping, log }: RingLeases): Leadership {
  const [stopped, stop] = signal()
  const [keeping, keep] = signal()
  const onLeading = (): void => {
    keep()
    onKeeping()
  }
  return {
    get leading() {
      return member.leading
    },
    assertLeading: () => member.assertLeading(),
    async run(events) {
      const areKnown = await Promise.race([stopped.then(() => false), membersKnown().then(() => true)])
      const kept = keeper.run({ onLeading, onLost: () => events.onLost() })
      if (areKnown && members.isEmpty)
        log.info({}, 'the ring has no member: this replica begins when no replica outside of it leads')
      await Promise.race([stopped, keeping, members.anySeen])
      await Promise.all([member.run(events), kept])
    },
    async stop(release) {
      stop()
      await Promise.all([member.stop(release), keeper.stop(release)])
    },
  }
}

/** A promise, and what resolves it. */
function signal(): [signalled: Promise<void>, signal: () => void] {
  let resolveIt = (): void => undefined
  const signalled = new Promise<void>((resolve) => (resolveIt = resolve))
  return [signalled, () => resolveIt()]
}
