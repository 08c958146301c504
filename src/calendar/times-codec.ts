/**
 * Encodes the times of a snapshot's events in about six bytes per event. They are not compressed further: they are decoded whenever
 * busy time is computed, and making one of zlib's streams costs more than decoding the times of fifty events.
 */
import type { CompactTime } from './compact-event.ts'

/**
 * Encodes times: their number, and then for each the difference of its start from the one before, its length, and twice its flags. If
 * the flags are odd, the number of times that follow with the same three values comes next: instances of a recurring event.
 */
export function encodeTimes(times: readonly CompactTime[]): number[] {
  const bytes: number[] = []
  push(bytes, times.length)
  let before = 0
  for (let at = 0; at < times.length; at++) {
    const first = times[at]
    if (!first) break
    const repetitions = repetitionsOf(times, at, first.start - before)
    pushSeconds(bytes, first.start - before)
    pushSeconds(bytes, first.end - first.start)
    push(bytes, 2 * first.flags + (repetitions > 0 ? 1 : 0))
    if (repetitions > 0) push(bytes, repetitions)
    at += repetitions
    before = times[at]?.start ?? 0
  }
  return bytes
}

/** How many of the next times have the same length and flags, and the same difference from the one before. */
function repetitionsOf(times: readonly CompactTime[], first: number, difference: number): number {
  let at = first
  for (let one = times[at]; one; one = times[++at]) {
    const next = times[at + 1]
    const isSame = next && next.start - one.start === difference && next.flags === one.flags
    if (!isSame || next.end - next.start !== one.end - one.start) break
  }
  return at - first
}

/** Decodes what `encodeTimes` returned. @returns also the position after it in `bytes`. */
export function decodeTimes(bytes: Uint8Array): { times: CompactTime[]; end: number } {
  const reader = new Reader(bytes)
  const times: CompactTime[] = []
  const count = reader.next()
  let start = 0
  while (times.length < count) {
    const difference = reader.seconds()
    const length = reader.seconds()
    const doubled = reader.next()
    const repetitions = doubled % 2 === 0 ? 0 : reader.next()
    const flags = Math.floor(doubled / 2)
    for (let left = repetitions; left >= 0; left--) {
      start += difference
      times.push({ start, end: start + length, flags })
    }
  }
  return { times, end: reader.at }
}

/** Most are whole minutes: these are even. */
function pushSeconds(bytes: number[], seconds: number): void {
  push(bytes, seconds % 60 === 0 ? (seconds / 60) * 2 : seconds * 2 + 1)
}

/** Integers in seven bits per byte, the lowest first; negative ones are odd. Not with bit operators: they have 32 bits. */
function push(bytes: number[], integer: number): void {
  let rest = integer < 0 ? -2 * integer - 1 : 2 * integer
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push(128 + (rest % 128))
  bytes.push(rest)
}

class Reader {
  readonly #bytes: Uint8Array
  at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  seconds(): number {
    const doubled = this.next()
    return doubled % 2 === 0 ? doubled * 30 : (doubled - 1) / 2
  }

  next(): number {
    let integer = 0
    for (let scale = 1; ; scale *= 128) {
      const byte = this.#bytes[this.at++] ?? 0
      integer += (byte % 128) * scale
      if (byte < 128) return integer % 2 === 0 ? integer / 2 : -(integer + 1) / 2
    }
  }
}
