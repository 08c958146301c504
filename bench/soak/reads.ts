/** Which reads were due and which arrived, from the log of the simulated Google. Pure. */
import type { Read } from '../messages.ts'

/** The reads of a span, compared with those that were due. */
export interface Account {
  /** How many reads are due over all calendars, counting whole intervals only. */
  expected: number
  seen: number
  /** Missed reads: a gap of more than one and a half intervals misses at least one. */
  missing: number
  /** The average time between two reads of one calendar. */
  meanGapMs: number
  longestGapMs: number
  /** The calendar with the longest gap. */
  longestOf: string
  /** Calendars with a gap of more than two intervals. */
  late: string[]
}

/** A span of time, in ms since the epoch. */
export interface Span {
  from: number
  to: number
}

/** Jitter makes an interval up to a tenth longer, and the operator needs a moment. A longer gap means a missed read. */
const LACKS_ONE = 1.5
/** A gap that must not occur. */
const TOO_LATE = 2

/** The reads of each calendar, in the order of arrival. */
export class Reads {
  readonly #byCalendar: Map<string, number[]>

  constructor(calendars: Iterable<string>) {
    this.#byCalendar = new Map([...calendars].map((calendar) => [calendar, []]))
  }

  get calendars(): number {
    return this.#byCalendar.size
  }

  add(reads: readonly Read[]): void {
    for (const { calendar, at } of reads) {
      const known = this.#byCalendar.get(calendar)
      if (known) known.push(at)
      else this.#byCalendar.set(calendar, [at])
    }
  }

  /** Counts the reads of a span. A calendar is late from its last read on, or from the start if it was never read. */
  account(span: Span, intervalMs: number): Account {
    const account: Account = {
      expected: 0,
      seen: 0,
      missing: 0,
      meanGapMs: 0,
      longestGapMs: 0,
      longestOf: '',
      late: [],
    }
    account.expected = this.calendars * Math.floor((span.to - span.from) / intervalMs)
    const between: number[] = []
    for (const [calendar, times] of this.#byCalendar) {
      addCalendar(account, { calendar, times, span, intervalMs })
      between.push(...gapsOf(times.filter((at) => at >= span.from && at <= span.to)))
    }
    account.meanGapMs = between.length === 0 ? 0 : sum(between) / between.length
    return account
  }
}

interface Calendar {
  calendar: string
  times: readonly number[]
  span: Span
  intervalMs: number
}

function addCalendar(account: Account, { calendar, times, span, intervalMs }: Calendar): void {
  const within = times.filter((at) => at >= span.from && at <= span.to)
  const marks = [span.from, ...within, span.to]
  const gaps = gapsOf(marks)
  const longest = Math.max(0, ...gaps)
  account.seen += within.length
  account.missing += sum(gaps.map((gap) => (gap > LACKS_ONE * intervalMs ? Math.round(gap / intervalMs) - 1 : 0)))
  if (longest > TOO_LATE * intervalMs) account.late.push(calendar)
  if (longest > account.longestGapMs) Object.assign(account, { longestGapMs: longest, longestOf: calendar })
}

const gapsOf = (times: readonly number[]): number[] => times.slice(1).map((at, n) => at - (times[n] ?? at))

const sum = (numbers: number[]): number => numbers.reduce((total, one) => total + one, 0)
