/** Limits of what a client may write into an event (docs/google-behaviour.md#limits-of-an-event). Control operations have none of them. */
import { isRecord } from '../../../src/platform/json.ts'
import { backEnd, invalid } from '../http/errors.ts'
import type { EventFields } from '../state/calendar-records.ts'

const LONGEST = { summary: 1024, location: 1024, description: 8192 }
const VISIBILITIES = new Set(['default', 'public', 'private', 'confidential'])
const MOST_REMINDERS = 5
const LATEST_REMINDER = 40_320

const DEFAULTS: Record<string, unknown> = { transparency: 'opaque', visibility: 'default' }

/** Drops defaults and empty texts, which Google does not show. */
export function withoutDefaults(fields: EventFields): EventFields {
  const isShown = ([name, value]: [string, unknown]): boolean =>
    value !== DEFAULTS[name] && !(name in LONGEST && value === '')
  return Object.fromEntries(Object.entries(fields).filter(isShown))
}

/** @throws Refusal 400 */
export function checkWritten(fields: EventFields): void {
  for (const [name, longest] of Object.entries(LONGEST)) checkText(name, fields[name], longest)
  if (fields.visibility !== undefined && !VISIBILITIES.has(fields.visibility as string)) {
    throw invalid('Invalid value for visibility')
  }
  if (fields.reminders !== undefined) checkReminders(fields.reminders)
}

function checkText(name: string, value: unknown, longest: number): void {
  if (value === undefined) return
  if (typeof value !== 'string') throw invalid(`Invalid value for ${name}`)
  if (value.length > longest) throw invalid(`The ${name} is longer than ${longest} characters.`)
}

function checkReminders(reminders: unknown): void {
  if (!isRecord(reminders)) throw invalid('Invalid value for reminders')
  const overrides = Array.isArray(reminders.overrides) ? (reminders.overrides as unknown[]) : []
  if (reminders.useDefault === true && overrides.length > 0) {
    const message = 'Cannot specify both default reminders and overrides at the same time.'
    throw backEnd(400, 'cannotUseDefaultRemindersAndSpecifyOverride', message)
  }
  if (overrides.length > MOST_REMINDERS) {
    throw backEnd(400, 'eventRemindersCountExceedsLimit', 'The number of event reminders exceeds the limit.')
  }
  if (!overrides.every(isReminder)) throw invalid('Invalid value for reminders')
}

function isReminder(value: unknown): boolean {
  if (!isRecord(value) || (value.method !== 'popup' && value.method !== 'email')) return false
  const minutes = value.minutes
  return typeof minutes === 'number' && Number.isInteger(minutes) && minutes >= 0 && minutes <= LATEST_REMINDER
}
