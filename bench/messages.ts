/** What the bench and its world say to each other: one answer for each order. */
import type { HostileKind } from './memory/kinds.ts'

export type Order =
  | { do: 'seed'; agents: number; events: number; interval: string; signIn?: boolean; wide?: Wide }
  | { do: 'hostile'; kind: HostileKind; agents: number }
  | { do: 'synced' }
  | { do: 'drain' }
  | { do: 'count' }
  | { do: 'links' }
  | { do: 'kept' }
  | { do: 'reset' }

/** How many of the agents have many calendars: from `fewest` of the first of them to `most` of the last. */
export interface Wide {
  agents: number
  fewest: number
  most: number
}

/** One answered first page of `events.list`, as the simulated Google has it in its log. */
export interface Read {
  /** Whose access token, and which calendar. */
  calendar: string
  /** ms since the epoch. */
  at: number
}

/** What was asked since the last time. */
export interface Drained {
  reads: Read[]
  /** All other requests, by kind. */
  others: Record<string, number>
}

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

/** Where a person signs in, and as whom. */
export interface Link {
  account: string
  url: string
}

/** What sign-ins have left behind. */
export interface Kept {
  /** Secrets that hold the grant of the account that their Agent names. */
  right: number
  /** Those that hold another one, or none. */
  wrong: number
  /** Grants that live at Google. */
  alive: number
}
