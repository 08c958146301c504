/** The port of leader election. Only a leader writes. `LeaderElection` implements it with a Lease. */

/** The callbacks for changes of leadership. */
export interface LeadershipEvents {
  /** Called once, when this replica begins to lead. */
  onLeading(): void
  /** Called once, when this replica no longer leads and another one may lead soon: the process must end. */
  onLost(): void
}

/** The leadership of this replica. */
export interface Leadership {
  /** Whether this replica leads at this moment, as far as is known without a request. */
  readonly leading: boolean
  /** Must be called before each write. @throws Error if this replica does not lead, or may no longer lead. */
  assertLeading(): Promise<void>
  /** Tries to lead; resolves after `stop`, or when leadership is lost. */
  run(events: LeadershipEvents): Promise<void>
  /** Stops leading. @param release false if work may still run, so that another replica has to wait until the Lease expires. */
  stop(release: boolean): Promise<void>
}

/** The leadership of a single replica without leader election. */
export const alwaysLeading: Leadership = {
  leading: true,
  assertLeading: async () => undefined,
  run: async (events) => events.onLeading(),
  stop: async () => undefined,
}
