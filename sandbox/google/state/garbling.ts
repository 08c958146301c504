/**
 * Answers that Google would not give, but that a client must survive: the real answer, changed by a named mutation or by a
 * function (in process only), or another body.
 */
import { parseRecord } from '../../../src/platform/json.ts'
import { ControlError, json, textOf, type Reply } from '../http/errors.ts'

/** How the fault `garbled` changes an answer. Exactly one of the three is set. */
export interface Garbling {
  /** The name of a change; docs/sandbox-google.md lists them. */
  mutation?: MutationName
  /** Another body: text as it is, anything else as JSON. */
  body?: unknown
  /** In process only: a function from the parsed real answer to the answer that is sent. */
  change?: (answer: unknown) => unknown
}

type Body = Record<string, unknown>
type Item = Record<string, unknown>

const LONG = 100_000

/** Changes the first item of a listing. */
const first =
  (change: (item: Item) => unknown) =>
  (body: Body): Body => {
    const [item = {}, ...rest] = itemsOf(body)
    return { ...body, items: [change({ ...item }), ...rest] }
  }

const added =
  (item: unknown) =>
  (body: Body): Body => ({ ...body, items: [...itemsOf(body), item] })

const set =
  (name: string, value: unknown) =>
  (body: Body): Body => ({ ...body, [name]: value })

const itemsOf = ({ items }: Body): Item[] => (Array.isArray(items) ? (items as Item[]) : [])

const without =
  (name: string) =>
  (body: Body): Body =>
    Object.fromEntries(Object.entries(body).filter(([key]) => key !== name))

const mutations = {
  // For any answer.
  nothing: () => null,
  emptyObject: () => ({}),
  array: (body: Body) => [body],
  // For a listing.
  nullItem: added(null),
  textItem: added('an event'),
  numberItem: added(7),
  noItems: without('items'),
  nullItems: set('items', null),
  objectItems: set('items', { id: 'abc' }),
  reversedItems: (body: Body) => ({ ...body, items: itemsOf(body).reverse() }),
  repeatedItems: (body: Body) => ({ ...body, items: [...itemsOf(body), ...itemsOf(body)] }),
  zeroId: first((item) => ({ ...item, id: 0 })),
  falseId: first((item) => ({ ...item, id: false })),
  noId: first(without('id')),
  hugeId: first((item) => ({ ...item, id: 'a'.repeat(LONG) })),
  nullAttendee: first((item) => ({ ...item, attendees: [null] })),
  numberAttendees: first((item) => ({ ...item, attendees: 5 })),
  numberSummary: first((item) => ({ ...item, summary: 5 })),
  objectDate: first((item) => ({ ...item, start: { dateTime: { year: 2026 } } })),
  noStart: first(without('start')),
  badDate: first((item) => ({ ...item, start: { dateTime: '2026-13-45T99:00:00Z' } })),
  endBeforeStart: first((item) => ({ ...item, start: item.end, end: item.start })),
  unknownStatus: first((item) => ({ ...item, status: 'perhaps' })),
  noTimeZone: without('timeZone'),
  unknownTimeZone: set('timeZone', 'Mars/Olympus'),
  hugeTimeZone: set('timeZone', 'z'.repeat(LONG)),
  noSyncToken: without('nextSyncToken'),
  hugeSyncToken: set('nextSyncToken', 's'.repeat(10 * LONG)),
  numberSyncToken: set('nextSyncToken', 7),
  endlessPages: set('nextPageToken', 'again'),
  // For calendarList.get.
  hugeCalendarId: set('id', `${'c'.repeat(LONG)}@example.com`),
  numberCalendarId: set('id', 7),
  // For the token endpoint.
  noAccessToken: without('access_token'),
  numberAccessToken: set('access_token', 7),
  unsendableAccessToken: set('access_token', 'ya29.two\nlines'),
  hugeAccessToken: set('access_token', `ya29.${'t'.repeat(LONG)}`),
  hugeScope: set('scope', `https://${'s'.repeat(LONG)}`),
  manyScopes: (body: Body) => ({ ...body, scope: `${String(body.scope)} ${'https://x.example/s '.repeat(200)}` }),
  negativeLifetime: set('expires_in', -1),
  textLifetime: set('expires_in', 'soon'),
  endlessLifetime: set('expires_in', 1e300),
} satisfies Record<string, (body: Body) => unknown>

/** The names of all mutations. */
export type MutationName = keyof typeof mutations

/** The names of all mutations, as a list. */
export const MUTATIONS = Object.keys(mutations) as MutationName[]

/** @throws ControlError unless exactly one valid change is requested. */
export function checkGarbling({ mutation, body, change }: Garbling): void {
  const given = [mutation, body, change].filter((one) => one !== undefined)
  if (given.length !== 1) throw new ControlError('"garbled" needs one of "mutation", "body" (in process also "change")')
  if (mutation !== undefined && !Object.hasOwn(mutations, mutation)) {
    throw new ControlError(`there is no mutation "${mutation}"; there are ${MUTATIONS.join(', ')}`)
  }
}

/** Changes an answer. One that is not a JSON object passes unchanged, unless it is replaced. */
export function garble(reply: Reply, { mutation, body, change }: Garbling): Reply {
  if (body !== undefined) return { ...reply, body: typeof body === 'string' ? body : JSON.stringify(body) }
  const answer = parseRecord(textOf(reply))
  if (answer === undefined) return reply
  return json(change ? change(answer) : mutation && mutations[mutation](answer), reply.status)
}
