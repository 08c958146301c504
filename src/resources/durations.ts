/**
 * Parses and formats durations as they appear in resources: `30s`, `5m`, `1h30m`. The units are h, m and s, each at most once and in
 * this order. Pure.
 */
const DURATION = /^(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,6})s)?$/

/** Parses a duration, in ms; undefined if the text is not a duration. */
export function parseDuration(text: string): number | undefined {
  const match = DURATION.exec(text)
  if (!match || text === '') return undefined
  const [hours, minutes, seconds] = [match[1], match[2], match[3]].map((digits) => Number(digits ?? 0))
  return (((hours ?? 0) * 60 + (minutes ?? 0)) * 60 + (seconds ?? 0)) * 1000
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
