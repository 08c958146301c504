/** Kinds of hostile calendars, each the worst that its owner can make. Each owner has a client of its own. */
import type { SimulatedGoogle } from '../../sandbox/google/google.ts'
import { manifestsOf, type Posted } from '../manifests.ts'

interface Kind {
  detail: 'Busy' | 'Full'
  what: string
  /** How many calendars one Agent has; then there is only one Agent. */
  calendars?: number
  fill: { events: number; characters?: number; guests?: number; text?: 'Random'; idLength?: number }
  /** Further settings of the simulated Google. */
  prepare?: (google: SimulatedGoogle) => void
}

const EVENTS = 20_000
/** With title and quotes, 20,000 of these are just below the limit of characters of a calendar. */
const BELOW = { events: EVENTS - 500, characters: 150, text: 'Random' } as const

/** A parsed answer of a million empty values takes many times its length. */
const EMPTY_VALUES = `{"timeZone":"UTC","items":[${'{},'.repeat(2_500_000)}{}]}`
const DEEP = `{"timeZone":"UTC","items":[${'['.repeat(3_000_000)}${']'.repeat(3_000_000)}]}`

const garbled = (body: string) => (google: SimulatedGoogle) =>
  void google.addFault({ fault: 'garbled', kind: 'events.list', body })

/** The kinds of hostile calendars, by name. */
export const HOSTILE = {
  full: { detail: 'Full', what: '20,000 events of 8 kB', fill: { events: EVENTS, characters: 8_000 } },
  busy: { detail: 'Busy', what: '20,000 events with 200 guests', fill: { events: EVENTS, guests: 200 } },
  guests: {
    detail: 'Busy',
    what: 'the same, where Google ignores maxAttendees',
    fill: { events: EVENTS, guests: 200 },
    prepare: (google) => void google.switches({ ignoreMaxAttendees: true }),
  },
  limits: { detail: 'Full', what: 'just below all limits, random text', fill: BELOW },
  ids: { detail: 'Full', what: 'ids of 1,000 characters', fill: { events: EVENTS, idLength: 1_000 } },
  pages: {
    detail: 'Full',
    what: '1,000 pages of 8 kB texts',
    fill: { events: EVENTS, characters: 150 },
    prepare: (google) => void google.switches({ pageSizeCap: 20 }),
  },
  values: { detail: 'Full', what: '2,500,000 empty values', fill: { events: 1 }, prepare: garbled(EMPTY_VALUES) },
  deep: { detail: 'Full', what: 'lists 3,000,000 deep', fill: { events: 1 }, prepare: garbled(DEEP) },
  many: { detail: 'Full', what: 'one Agent, 50 calendars just below', calendars: 50, fill: BELOW },
} satisfies Record<string, Kind>

/** The name of a kind of hostile calendars. */
export type HostileKind = keyof typeof HOSTILE

/** Fills the simulated Google, and returns the objects for the cluster: with the shortest interval, and a full listing each time. */
export function hostileObjects(google: SimulatedGoogle, name: HostileKind, agents: number): Posted[] {
  const kind: Kind = HOSTILE[name]
  kind.prepare?.(google)
  google.switches({ syncTokenLifetime: 1 })
  const count = kind.calendars === undefined ? agents : 1
  let like: string | undefined
  return Array.from({ length: count }, (_, n) => {
    const { clientId } = google.addClient({ project: `hostile-${n}` })
    google.setProject({ id: `hostile-${n}`, perMinute: 10_000_000, perMinutePerUser: 10_000, perDay: 1_000_000_000 })
    const { accounts } = google.seed({ accounts: 1, eventsEach: 0, client: clientId, prefix: `hostile${n}-` })
    const [account] = accounts
    if (!account) throw new Error('no account was made')
    const more = Array.from({ length: (kind.calendars ?? 1) - 1 }, (_, m) =>
      google.addCalendar({ owner: account.email, id: `c${m}-${account.email}` }),
    )
    for (const { id } of [{ id: account.email }, ...more]) {
      google.fill({ calendar: id, ...kind.fill, ...(like === undefined ? {} : { like }) })
      like ??= id
    }
    return manifestsOf(
      `hostile-${n}`,
      {
        clientFile: JSON.stringify(google.clientFile(clientId)),
        interval: '10s',
        publish: { kind: 'Secret', detail: kind.detail, formats: ['JSON', 'ICalendar'] },
      },
      [{ ...account, calendars: ['primary', ...more.map(({ id }) => id)] }],
    )
  }).flat()
}
