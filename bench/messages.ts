/** The messages between a bench and its environment: one answer for each order. */
import type { HostileKind } from './memory/kinds.ts'

/** What a bench asks of its environment. */
export type Order =
  | {
      do: 'seed'
      agents: number
      events: number
      interval: string
      signIn?: boolean
      wide?: Wide
      write?: boolean
      /** One more Agent, in a namespace of its own. */
      bystander?: boolean
      /** The Agents name their calendars by the ids, and not as `primary`. */
      byId?: boolean
      staleAfter?: string
      /** More fields of `spec` of the integration. */
      integration?: object
    }
  | { do: 'record'; replica: string }
  | { do: 'recorded' }
  /** Starts the real sharder with a ring, as `deploy/` installs it; only on a real API server. */
  | { do: 'sharder' }
  | { do: 'interval'; interval: string }
  /** Changes the statuses of so many Agents, as their heartbeats do. */
  | { do: 'heartbeats'; count: number }
  | { do: 'hostile'; kind: HostileKind; agents: number }
  | { do: 'synced' }
  | { do: 'drain' }
  | { do: 'count' }
  | { do: 'links' }
  | { do: 'deliver'; to: string }
  | { do: 'changes'; seconds: number; perSecond: number }
  | { do: 'flood'; seconds: number; perSecond: number }
  | { do: 'bookings'; count: number; agents: number; seconds: number }
  | { do: 'floodBookings'; count: number; agents: number; seconds: number; patience: number }
  | { do: 'pastBookings'; count: number; agents: number }
  | { do: 'kept' }
  | { do: 'reset' }

/** How many Agents have many calendars: from `fewest` for the first of them to `most` for the last. */
export interface Wide {
  agents: number
  fewest: number
  most: number
}

/** One answered first page of `events.list`, from the log of the simulated Google. */
export interface Read {
  /** The account of the access token, and the calendar. */
  calendar: string
  /** ms since the epoch. */
  at: number
}

/** One listing of a calendar by a replica that speaks to Google through a recorder. */
export interface RecordedRead {
  replica: string
  calendar: string
  /** In ms since the epoch. */
  began: number
  ended: number
  /** Whether Google's answer was sent as a whole. */
  isAnswered: boolean
}

/** The requests since the last call. */
export interface Drained {
  reads: Read[]
  /** All other requests, by kind. */
  others: Record<string, number>
}

/** Where the environment listens. */
export interface WorldState {
  /** The origin of the simulated Google. */
  url: string
  /** The path of a kubeconfig file. */
  kubeconfig: string
}

/** The progress of the operator, as the environment sees it. */
export interface Counts {
  /** How many Agents are Ready by their status. */
  ready: number
  /** How many Agents are Watching by their status. */
  watching: number
  /** Answers to `events.list` since the last reset. */
  listed: number
}

/** The link of a person, and their account. */
export interface Link {
  account: string
  url: string
}

/** The results of sign-ins. */
export interface Kept {
  /** Secrets with the grant of the account that their Agent names. */
  right: number
  /** Secrets with another grant, or without one. */
  wrong: number
  /** Valid grants at Google. */
  alive: number
}

/** What became of changes at Google. */
export interface Changed {
  /** From each change at Google to the watch event of the published calendar, in ms. */
  latencies: number[]
  /** Changes that were not published within the time. */
  missing: number
  /** Requests of the Calendar API since the phase began, by kind. */
  google: Record<string, number>
  /** The most requests in any sliding minute since the last phase: of the client, and of its busiest account. */
  busiest: { client: number; account: number }
  /** Notifications that were delivered. */
  notifications: number
}

/** What became of Bookings. */
export interface Booked {
  /** From each creation to the watch event with `Booked=True`, in ms. */
  latencies: number[]
  /** Bookings that were not booked within the time. */
  missing: number
  /** Requests of the Calendar API, by kind. */
  google: Record<string, number>
}

/** What became of a flood of Bookings, and of single Bookings for other Agents meanwhile. */
export interface Flooded {
  flood: Waits
  /** For another Agent of the same namespace. */
  neighbour: Waits
  /** For an Agent of another namespace. */
  bystander: Waits
}

/** How long Bookings waited, in ms from the creation to the watch event. */
export interface Waits {
  created: number
  /** Until there were conditions. */
  toStatus: number[]
  /** Until `Booked=True`. */
  toBooked: number[]
}
