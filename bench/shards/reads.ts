/** What the reads of several replicas show: who has read what, whether two read one calendar at a time, and for how long nobody did. Pure. */
import type { RecordedRead } from '../messages.ts'

/** Two reads of one calendar by two replicas at the same time. */
export interface Overlap {
  one: RecordedRead
  other: RecordedRead
}

/** The time between two answered reads of one calendar. */
export interface Gap {
  calendar: string
  ms: number
  /** When the first of the two began, in ms since the epoch. */
  from: number
}

const byCalendar = (reads: readonly RecordedRead[]): RecordedRead[][] => {
  const found = new Map<string, RecordedRead[]>()
  for (const read of [...reads].sort((a, b) => a.began - b.began)) {
    const others = found.get(read.calendar)
    if (others) others.push(read)
    else found.set(read.calendar, [read])
  }
  return [...found.values()]
}

/** All overlaps. */
export function overlapsOf(reads: readonly RecordedRead[]): Overlap[] {
  return byCalendar(reads).flatMap((ofCalendar) =>
    ofCalendar.flatMap((other, index) =>
      ofCalendar
        .slice(0, index)
        .filter((one) => one.replica !== other.replica && one.ended > other.began)
        .map((one) => ({ one, other })),
    ),
  )
}

/** The longest gap of each calendar, the longest first. A calendar that was never read is not among them. @param until when the measurement ended. */
export function gapsOf(reads: readonly RecordedRead[], until: number): Gap[] {
  return byCalendar(reads.filter(({ isAnswered }) => isAnswered))
    .map((ofCalendar) => {
      const gaps = ofCalendar.map(({ calendar, began }, index) => ({
        calendar,
        ms: (ofCalendar[index + 1]?.began ?? until) - began,
        from: began,
      }))
      return gaps.reduce((one, other) => (other.ms > one.ms ? other : one))
    })
    .sort((a, b) => b.ms - a.ms)
}

/** How many answered reads each replica has made, and of how many calendars. */
export function shareOf(reads: readonly RecordedRead[], replica: string): { reads: number; calendars: number } {
  const own = reads.filter((read) => read.replica === replica && read.isAnswered)
  return { reads: own.length, calendars: new Set(own.map(({ calendar }) => calendar)).size }
}

/** A calendar that another replica reads since an instant. */
export interface HandOver {
  /** From that instant to the first answered read of the other replica, in ms. */
  fromMs: number
  /** From the last answered read before to that one, in ms. */
  pauseMs: number
}

/** The calendars that were read by a replica that `gave` them before `since`, and by one that did not afterwards. */
export function handOversOf(
  reads: readonly RecordedRead[],
  since: number,
  gave: (replica: string) => boolean,
): HandOver[] {
  return byCalendar(reads.filter(({ isAnswered }) => isAnswered)).flatMap((ofCalendar) => {
    const first = ofCalendar.findIndex(({ began, replica }) => began >= since && !gave(replica))
    const [before, after] = [ofCalendar[first - 1], ofCalendar[first]]
    if (!before || !after || !gave(before.replica)) return []
    return [{ fromMs: after.began - since, pauseMs: after.began - before.began }]
  })
}
