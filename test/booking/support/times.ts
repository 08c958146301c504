/** Times of Bookings and events, on the first of December unless a test says otherwise. */

export const at = (hour: number, day = '2026-12-01'): string => `${day}T${String(hour).padStart(2, '0')}:00:00Z`

/** The start and end of an event, as Google gives them. */
export const timed = (from: number, to: number) => ({ start: { dateTime: at(from) }, end: { dateTime: at(to) } })
