/** Durations as `kubectl` shows them, such as `90s`, `5m30s`, `3h`, `2d4h`, `1y200d`. Source: `HumanDuration` in k8s.io/apimachinery. */

const MINUTE = 60
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const YEAR = 365 * DAY

/** For durations from so many seconds on: the larger unit, and the smaller unit that may follow it. */
const SHAPES: { upTo: number; unit: [number, string]; rest?: [number, string] }[] = [
  { upTo: 2 * MINUTE, unit: [1, 's'] },
  { upTo: 10 * MINUTE, unit: [MINUTE, 'm'], rest: [1, 's'] },
  { upTo: 3 * HOUR, unit: [MINUTE, 'm'] },
  { upTo: 8 * HOUR, unit: [HOUR, 'h'], rest: [MINUTE, 'm'] },
  { upTo: 2 * DAY, unit: [HOUR, 'h'] },
  { upTo: 8 * DAY, unit: [DAY, 'd'], rest: [HOUR, 'h'] },
  { upTo: 2 * YEAR, unit: [DAY, 'd'] },
  { upTo: 8 * YEAR, unit: [YEAR, 'y'], rest: [DAY, 'd'] },
  { upTo: Infinity, unit: [YEAR, 'y'] },
]

/** Formats a duration as `kubectl` does. */
export function humanDuration(ms: number): string {
  const seconds = Math.trunc(ms / 1000)
  if (seconds < -1) return '<invalid>'
  if (seconds < 0) return '0s'
  const shape = SHAPES.find(({ upTo }) => seconds < upTo)
  if (!shape) return '<unknown>'
  const [size, letter] = shape.unit
  const whole = `${Math.floor(seconds / size)}${letter}`
  const left = shape.rest ? Math.floor((seconds % size) / shape.rest[0]) : 0
  return left > 0 && shape.rest ? `${whole}${left}${shape.rest[1]}` : whole
}

/** How long ago a timestamp was, as a table shows it. */
export function ageAt(timestamp: unknown, now: number): string {
  if (typeof timestamp !== 'string') return '<unknown>'
  const at = Date.parse(timestamp)
  return Number.isNaN(at) ? '<invalid>' : humanDuration(now - at)
}
