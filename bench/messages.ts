/** What the bench and its world say to each other: one answer for each order. */
export type Order = { do: 'seed'; agents: number; events: number; interval: string } | { do: 'count' } | { do: 'reset' }

export interface WorldState {
  /** The origin of the simulated Google. */
  url: string
  /** The path of a kubeconfig file. */
  kubeconfig: string
}

export interface Counts {
  /** Agents whose status says so. */
  ready: number
  /** Answers to `events.list` since the last reset. */
  listed: number
}
