/** Draws a tree of calls as an SVG without scripts: callers above what they call, as wide as the time that they took. */
import type { Call } from './profile.ts'

const WIDTH = 1200
const ROW = 17
const MARGIN = 8
/** Narrower calls cannot be seen. */
const NARROWEST = 1.2
const LETTER = 6.3
const NARROWEST_TEXT = 28

/** A caption, and below it the calls. */
export function drawn(root: Call, caption: string): string {
  const boxes: string[] = []
  const depth = draw(root, { x: MARGIN, y: 2 * ROW, scale: (WIDTH - 2 * MARGIN) / root.micros, boxes })
  const height = (depth + 2) * ROW + MARGIN
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="11">`,
    `<rect width="${WIDTH}" height="${height}" fill="#fff"/>`,
    `<text x="${MARGIN}" y="${ROW}" font-size="13">${escaped(caption)}</text>`,
    ...boxes,
    '</svg>\n',
  ].join('\n')
}

interface Place {
  x: number
  y: number
  /** Pixels per µs. */
  scale: number
  boxes: string[]
}

/** Returns how many rows the calls need. */
function draw(caller: Call, { x, y, scale, boxes }: Place): number {
  let left = x
  let rows = 0
  for (const call of [...caller.calls.values()].sort((a, b) => b.micros - a.micros)) {
    const width = call.micros * scale
    if (width < NARROWEST) break
    boxes.push(box(call, { x: left, y, width }))
    rows = Math.max(rows, 1 + draw(call, { x: left, y: y + ROW, scale, boxes }))
    left += width
  }
  return rows
}

function box({ name, origin, micros }: Call, { x, y, width }: { x: number; y: number; width: number }): string {
  const title = `<title>${escaped(`${name} ${origin}: ${Math.round(micros / 1000)} ms`)}</title>`
  const rect = `<rect x="${x.toFixed(1)}" y="${y}" width="${width.toFixed(1)}" height="${ROW - 1}" fill="${colour(origin)}"/>`
  const shown = width < NARROWEST_TEXT ? '' : name.slice(0, Math.floor((width - 4) / LETTER))
  const text = shown && `<text x="${(x + 2).toFixed(1)}" y="${y + 12}">${escaped(shown)}</text>`
  return `<g>${title}${rect}${text}</g>`
}

/** The operator's own code is orange, packages are green, Node is blue, and V8 (garbage collection) is grey. */
function colour(origin: string): string {
  if (origin.startsWith('src/')) return '#ffb870'
  if (origin.startsWith('node:')) return '#a9c8f0'
  return origin === '' ? '#ccc' : '#b5dca0'
}

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
const escaped = (text: string): string => text.replaceAll(/[&<>"]/g, (one) => ENTITIES[one] ?? one)
