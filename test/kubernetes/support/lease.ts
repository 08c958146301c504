/** Candidates for one Lease, at a server of their own and by a clock that a test moves. */
import { expect } from 'vitest'
import { LeaderElection } from '../../../src/kubernetes/lease.ts'
import { ManualClock, settle } from '../../support/clock.ts'
import { LeaseServer } from './lease-server.ts'
import { LogBook } from './wait.ts'

export const SECOND = 1_000

type Membership = Pick<ConstructorParameters<typeof LeaderElection>[1], 'membership'>

export class LeaseFixture {
  readonly clock = new ManualClock()
  readonly server = new LeaseServer()
  readonly log = new LogBook()
  /** Who leads, or has lost, as it was reported. */
  readonly told: string[] = []

  candidate = (identity: string, chance = 0, options: Membership = {}): LeaderElection => {
    const { server, clock, log, told } = this
    const election = new LeaderElection(
      { send: server.send, clock, random: () => chance, log },
      { namespace: 'booking', name: 'calendar-operator', identity, ...options },
    )
    void election.run({
      onLeading: () => told.push(`${identity} leads`),
      onLost: () => told.push(`${identity} lost`),
    })
    return election
  }

  /** A process of the only replica that may hold the Lease. */
  member = (identity: string): LeaderElection =>
    this.candidate(identity, 0, { membership: { labels: { ring: 'ours' } } })

  /** One that has led for a while. */
  leader = async (election = this.candidate('a')): Promise<LeaderElection> => {
    await settle()
    await this.clock.advance(4 * SECOND)
    expect(election.leading).toBe(true)
    this.server.requests.length = 0
    return election
  }

  warnings = (): string[] =>
    this.log.lines.filter(({ message }) => message === 'lease not renewed').map(({ level }) => level)
}
