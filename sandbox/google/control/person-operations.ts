/**
 * The control operations that play people at Google Calendar's own pages: the owner who moves, renames or restores an event and
 * changes its guests, and the guests who answer. Each is a write like any other: it counts a revision, notifies and syncs.
 */
import { attendeesOf, sameAddress, type Attendee } from '../calendar/attendees.ts'
import { findEvent } from '../calendar/events.ts'
import { changeEvent, mergePatch } from '../calendar/storing.ts'
import { ControlError } from '../http/errors.ts'
import type { EventFields, EventRecord } from '../state/calendar-records.ts'
import { calendarOf } from '../state/calendars.ts'
import type { GoogleState } from '../state/state.ts'
import type { EventTime } from '../times/times.ts'
import { shownToOwner, type ShownEvent } from './calendar-operations.ts'

/** An event that a person opens; `id` may be that of an instance. */
interface OpenedEvent {
  calendar: string
  id: string
}

/** The answer of a guest. */
interface GuestAnswer extends OpenedEvent {
  /** The guest's address; the calendar's own entry answers an invitation. */
  guest: string
  responseStatus: 'needsAction' | 'declined' | 'tentative' | 'accepted'
  comment?: string
}

type Change = (before: EventRecord) => EventFields

/** Makes the operations of people. */
export function personOperations(state: GoogleState) {
  const change = ({ calendar, id }: OpenedEvent, changes: Change): ShownEvent => {
    const found = calendarOf(state, calendar)
    const before = findEvent(found, id)
    const record = changeEvent(state, found, before, mergePatch(before.fields, changes(before)))
    return shownToOwner(state, calendar, record)
  }
  const changeLive = (opened: OpenedEvent, changes: Change): ShownEvent =>
    change(opened, (before) => {
      if (before.cancelled) throw new ControlError(`the event ${opened.id} is deleted: restore it first`)
      return changes(before)
    })
  return {
    /** Moves an event. Another start asks the guests anew. */
    moveEvent: ({ start, end, ...event }: OpenedEvent & { start: EventTime; end: EventTime }) =>
      changeLive(event, () => ({ start: whole(start), end: whole(end) })),
    renameEvent: ({ summary, ...event }: OpenedEvent & { summary: string }) => changeLive(event, () => ({ summary })),
    relocateEvent: ({ location, ...event }: OpenedEvent & { location: string }) =>
      changeLive(event, () => ({ location })),
    /** Takes a deleted event out of the trash, with everything that it had. */
    restoreEvent: (event: OpenedEvent) =>
      change(event, ({ cancelled }) => {
        if (!cancelled) throw new ControlError(`the event ${event.id} is not deleted`)
        return { status: 'confirmed' }
      }),
    /** Answers as a guest. */
    answer: ({ guest, responseStatus, comment, ...event }: GuestAnswer) =>
      changeLive(event, ({ fields }) => {
        const answered = { responseStatus, ...(comment === undefined ? {} : { comment }) }
        const attendees = attendeesOf(fields)
        if (!attendees.some(isGuest(guest))) throw new ControlError(`the event ${event.id} has no guest ${guest}`)
        return { attendees: attendees.map((one) => (isGuest(guest)(one) ? { ...one, ...answered } : one)) }
      }),
    addGuests: ({ guests, ...event }: OpenedEvent & { guests: string[] }) =>
      changeLive(event, ({ fields }) => {
        const attendees = attendeesOf(fields)
        const added = guests.filter((guest) => !attendees.some(isGuest(guest)))
        return { attendees: [...attendees, ...added.map((email) => ({ email }))] }
      }),
    removeGuests: ({ guests, ...event }: OpenedEvent & { guests: string[] }) =>
      changeLive(event, ({ fields }) => ({
        attendees: attendeesOf(fields).filter((one) => !guests.some((guest) => isGuest(guest)(one))),
      })),
  }
}

const isGuest =
  (address: string) =>
  ({ email }: Attendee): boolean =>
    sameAddress(email, address)

/** Names every part of a time, so that an all-day event can become a timed one and back. */
const whole = (time: EventTime): EventTime =>
  ({ date: null, dateTime: null, timeZone: null, ...time }) as unknown as EventTime
