/**
 * Parses and formats durations as they appear in resources: `30s`, `5m`, `1h30m`. The units are h, m and s, each at most once and in
 * this order. Pure.
 */
const UNITS_MS: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1_000 }
const MAX_DIGITS = 6

/** Parses a duration, in ms; undefined if the text is not a duration. Every reconcile does that, so it builds nothing. */
export function parseDuration(text: string): number | undefined {
  let [ms, number, digits, last] = [0, 0, 0, Infinity]
  for (let at = 0; at < text.length; at++) {
    const digit = text.charCodeAt(at) - 48
    if (digit >= 0 && digit <= 9) {
      number = number * 10 + digit
      digits += 1
      continue
    }
    const unit = UNITS_MS[text.charAt(at)] ?? NaN
    if (digits === 0 || digits > MAX_DIGITS || !(unit < last)) return undefined
    ms += number * unit
    ;[number, digits, last] = [0, 0, unit]
  }
  return digits > 0 || last === Infinity ? undefined : ms
}

/** Parses a duration, in ms, that the API server has validated. @throws RangeError if the text is not a duration. */
export function durationMs(text: string): number {
  const ms = parseDuration(text)
  if (ms === undefined) throw new RangeError(`not a duration such as 30s, 5m or 1h30m: ${JSON.stringify(text)}`)
  return ms
}

/** Formats a duration, in ms, in its shortest form in whole seconds: `1h30m`, `0s`. */
export function formatDuration(ms: number): string {
  const seconds = Math.round(ms / 1000)
  const parts: [number, string][] = [
    [Math.floor(seconds / 3600), 'h'],
    [Math.floor(seconds / 60) % 60, 'm'],
    [seconds % 60, 's'],
  ]
  const text = parts.map(([count, unit]) => (count > 0 ? `${count}${unit}` : '')).join('')
  return text === '' ? '0s' : text
}
