/** Google accounts: an e-mail address, an optional organisation, and a list of calendars. */
import { newCalendar } from '../state/calendars.ts'
import { ControlError } from '../http/errors.ts'
import type { GoogleState } from '../state/state.ts'
import type { Account } from '../state/oauth-records.ts'

/** What an account is made from. */
export interface AccountSettings {
  email: string
  org?: string
  /** The IANA time zone of the primary calendar. */
  timeZone?: string
}

/** Makes an account with its primary calendar. @throws ControlError if it exists. */
export function addAccount(state: GoogleState, settings: AccountSettings): Account {
  const email = settings.email.toLowerCase()
  if (state.accounts.has(email)) throw new ControlError(`there is an account ${email} already`)
  const account: Account = { email, deleted: false, calendarOff: false, list: new Map(), grants: [] }
  if (settings.org !== undefined) account.org = settings.org
  state.accounts.set(email, account)
  newCalendar(state, { id: email, owner: email, summary: email, timeZone: settings.timeZone ?? 'UTC' })
  return account
}

/** Finds an account. @throws ControlError if there is none. */
export function accountOf(state: GoogleState, email: string): Account {
  const account = state.accounts.get(email.toLowerCase())
  if (!account) throw new ControlError(`there is no account ${email}`)
  return account
}
