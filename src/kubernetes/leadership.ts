/** Whether this replica leads. Only a leader writes. `LeaderElection` implements it by a Lease. */

/** What is called when leadership changes. */
export interface LeadershipEvents {
  /** Called once, when this replica begins to lead. */
  onLeading(): void
  /** Called once, when this replica no longer leads and another one may soon: the process must end. */
  onLost(): void
}

/** Whether this replica leads, and how it starts and stops to take part in the election. */
export interface Leadership {
  /** Whether this replica leads at this moment, as far as is known without a request. */
  readonly leading: boolean
  /** To be called before each write. @throws Error if this replica does not lead, or may not lead any more. */
  assertLeading(): Promise<void>
  /** Tries to lead; resolves after `stop`, or when leadership is lost. */
  run(events: LeadershipEvents): Promise<void>
  /** Stops leading. @param release false: work of ours may still run, so another replica must wait until the Lease expires. */
  stop(release: boolean): Promise<void>
}

/** For a single replica without leader election. */
export const alwaysLeading: Leadership = {
  leading: true,
  assertLeading: async () => undefined,
  run: async (events) => events.onLeading(),
  stop: async () => undefined,
}
