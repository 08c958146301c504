/**
 * What a person consented to on the sign-in page, and what in a spec goes beyond that. The consent is recorded with the grant
 * (`consent` in `<agent>-google-grant`); a supplied grant has none, because no page was shown. Pure.
 */
import { parseRecord } from '../platform/json.ts'
import { canonicalAccount } from './account.ts'
import type { Agent, AgentSpec } from './types.ts'

/** What the sign-in page named: how much is published, whether programs get a token, and which calendars are read. */
export interface Consent {
  detail: 'Busy' | 'Full'
  accessToken: boolean
  /** Whether appointments may be written. */
  write: boolean
  /** Ids as in the spec; `primary` is the account's own calendar. */
  calendars: string[]
}

/** The fields of a spec that need the person's consent. */
interface ConsentedSpec {
  account: string
  calendars: { read: string[]; write?: string }
  publish: Pick<AgentSpec['publish'], 'calendar' | 'accessToken'>
}

/** A field in which a spec goes beyond a consent. */
type Widening = { field: 'detail' | 'accessToken' | 'write' } | { field: 'calendar'; id: string }

/** What the sign-in page names for this spec. */
export function consentOf(spec: ConsentedSpec): Consent {
  const { read, write } = spec.calendars
  const all = write === undefined ? read : [...read, write]
  const calendars = all.filter((id, at) => all.findIndex((other) => sameCalendar(spec, other, id)) === at)
  return {
    detail: spec.publish.calendar?.detail ?? 'Busy',
    accessToken: spec.publish.accessToken !== undefined,
    write: write !== undefined,
    calendars,
  }
}

/** The least that a page can have named. */
const LEAST_CONSENT: Consent = { detail: 'Busy', accessToken: false, write: false, calendars: ['primary'] }

/** Parses a recorded consent. One that cannot be read counts as the least consent, so that the person is asked again. */
export function parseConsent(text: string): Consent {
  const found = parseRecord(text)
  if (!found) return LEAST_CONSENT
  const { detail, accessToken, write, calendars } = found
  if ((detail !== 'Busy' && detail !== 'Full') || typeof accessToken !== 'boolean' || typeof write !== 'boolean')
    return LEAST_CONSENT
  if (!Array.isArray(calendars) || !calendars.every((id) => typeof id === 'string')) return LEAST_CONSENT
  return { detail, accessToken, write, calendars }
}

/** Renders a consent as it is stored: JSON with its keys in a fixed order. */
export const renderConsent = ({ detail, accessToken, write, calendars }: Consent): string =>
  JSON.stringify({ detail, accessToken, write, calendars })

/** Finds where a spec goes beyond the consent; empty if it asks for as much or less. */
export function widenings(consent: Consent, spec: ConsentedSpec): Widening[] {
  const wanted = consentOf(spec)
  const found: Widening[] = []
  if (wanted.detail === 'Full' && consent.detail === 'Busy') found.push({ field: 'detail' })
  if (wanted.accessToken && !consent.accessToken) found.push({ field: 'accessToken' })
  if (wanted.write && !consent.write) found.push({ field: 'write' })
  const further = wanted.calendars.filter((id) => !isConsented(consent, spec, id))
  return [...found, ...further.map((id) => ({ field: 'calendar' as const, id }))]
}

const isConsented = (consent: Consent, spec: ConsentedSpec, id: string): boolean =>
  consent.calendars.includes(id) || consent.calendars.some((known) => sameCalendar(spec, known, id))

const sameCalendar = (spec: Pick<ConsentedSpec, 'account'>, a: string, b: string): boolean =>
  canonicalCalendar(spec, a) === canonicalCalendar(spec, b)

const canonicalCalendar = ({ account }: Pick<ConsentedSpec, 'account'>, id: string): string => {
  const canonical = canonicalAccount(id)
  return canonical === canonicalAccount(account) ? 'primary' : canonical
}

/** Describes what is new, as the middle of a sentence that names the fields. */
export function inWords(found: readonly Widening[]): string {
  const calendars = found.flatMap((one) => (one.field === 'calendar' ? [one.id] : []))
  const fields = found.flatMap((one) => (one.field === 'calendar' ? [] : [FIELDS[one.field]]))
  const plural = calendars.length === 1 ? 'calendar' : 'calendars'
  return [...fields, ...(calendars.length > 0 ? [`${plural} ${listed(calendars)}`] : [])].join('; ')
}

const FIELDS = {
  detail: 'titles, places and attendees (spec.publish.calendar.detail Full)',
  accessToken: 'an access token for programs in the cluster (spec.publish.accessToken)',
  write: 'writing appointments (spec.calendars.write)',
}

/** How many calendars a message names. */
const MAX_NAMED = 3

function listed(ids: readonly string[]): string {
  const more = ids.length - MAX_NAMED
  return more > 0 ? `${ids.slice(0, MAX_NAMED).join(', ')} and ${more} more` : ids.join(', ')
}

/**
 * Limits an Agent to what its person has consented to, which is what is read and published while the person is asked for more.
 * Returns the same object if nothing goes beyond the consent, or if no page was shown.
 */
export function consentedAgent(agent: Agent, consent: Consent | undefined): Agent {
  if (!consent || widenings(consent, agent.spec).length === 0) return agent
  const { spec } = agent
  return { ...agent, spec: { ...spec, calendars: calendarsOf(spec, consent), publish: publishOf(spec, consent) } }
}

function calendarsOf(spec: AgentSpec, consent: Consent): AgentSpec['calendars'] {
  const { write, ...calendars } = spec.calendars
  const read = spec.calendars.read.filter((id) => isConsented(consent, spec, id))
  const mayWrite = write !== undefined && consent.write && isConsented(consent, spec, write)
  // If none were left, nothing would be busy, so the previous calendars are still read.
  return { ...calendars, read: read.length > 0 ? read : consent.calendars, ...(mayWrite ? { write } : {}) }
}

function publishOf({ publish }: AgentSpec, consent: Consent): AgentSpec['publish'] {
  const { calendar, accessToken, ...rest } = publish
  return {
    ...rest,
    ...(calendar && { calendar: { ...calendar, detail: consent.detail === 'Full' ? calendar.detail : 'Busy' } }),
    ...(accessToken && consent.accessToken ? { accessToken } : {}),
  }
}
