/** The control operations on calendars and their events. The test decides about every field, and no limit of the API applies. */
import { resourceOf } from '../calendar/resource.ts'
import { findEvent } from '../calendar/events.ts'
import { addEvent, changeEvent, mergePatch, removeEvent } from '../calendar/storing.ts'
import { accountOf } from '../oauth/accounts.ts'
import type { AccessRole, EventFields, EventRecord } from '../state/calendar-records.ts'
import { calendarOf, type CalendarSettings, newCalendar, share } from '../state/calendars.ts'
import type { GoogleState } from '../state/state.ts'

/** An event as the owner of its calendar sees it. */
export type ShownEvent = { id: string; status: string } & EventFields

/** Shows an event as the owner of its calendar sees it. */
export function shownToOwner(state: GoogleState, calendarId: string, record: EventRecord): ShownEvent {
  const calendar = calendarOf(state, calendarId)
  return resourceOf({ calendar, role: 'owner', account: calendar.owner }, record) as ShownEvent
}

/** Makes the operations on calendars. */
export function calendarOperations(state: GoogleState) {
  const shown = (calendar: string, record: EventRecord): ShownEvent => shownToOwner(state, calendar, record)
  return {
    addCalendar: (settings: CalendarSettings) => {
      const { id, owner, summary, timeZone } = newCalendar(state, settings)
      return { id, owner, summary, timeZone }
    },
    /** Gives a role, or takes it away with `none`. Expires the calendar's sync tokens. */
    share: ({ calendar, account, role }: { calendar: string; account: string; role: AccessRole | 'none' }) => {
      share(state, calendarOf(state, calendar), account, role)
      return {}
    },
    /** Removes a calendar from an account's list, or hides it there. Access stays. */
    setListed: ({
      calendar,
      account,
      listed = true,
      hidden = false,
    }: {
      calendar: string
      account: string
      listed?: boolean
      hidden?: boolean
    }) => {
      const { list } = accountOf(state, account)
      if (listed) list.set(calendarOf(state, calendar).id, { selected: true, hidden })
      else list.delete(calendar.toLowerCase())
      return {}
    },
    /** Adds an event in the API's notation; `organizer` may be set too, for an invitation. */
    addEvent: ({ calendar, event }: { calendar: string; event: EventFields & { id?: string } }) => {
      const { id, ...fields } = event
      return shown(calendar, addEvent(state, calendarOf(state, calendar), fields, id))
    },
    /** Patches an event; `id` may be that of an instance. */
    changeEvent: ({ calendar, id, changes }: { calendar: string; id: string; changes: EventFields }) => {
      const found = calendarOf(state, calendar)
      const before = findEvent(found, id)
      return shown(calendar, changeEvent(state, found, before, mergePatch(before.fields, changes)))
    },
    deleteEvent: ({ calendar, id }: { calendar: string; id: string }) => {
      const found = calendarOf(state, calendar)
      removeEvent(state, found, findEvent(found, id))
      return {}
    },
    /** Returns the events of a calendar, with recurring events unexpanded. */
    events: ({ calendar }: { calendar: string }) =>
      [...calendarOf(state, calendar).events.values()]
        .filter(({ orphan }) => !orphan)
        .map((record) => shown(calendar, record)),
    /** Expires all sync tokens of a calendar, or of all calendars: they get 410. */
    expireSyncTokens: ({ calendar }: { calendar?: string } = {}) => {
      const calendars = calendar === undefined ? state.calendars.values() : [calendarOf(state, calendar)]
      for (const one of calendars) one.epoch += 1
      return {}
    },
  }
}
