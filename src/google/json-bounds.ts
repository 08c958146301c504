/**
 * Checks the size of a JSON text before it is parsed. A few megabytes of `{},{},…` become hundreds of megabytes of objects, and
 * very deep nesting exhausts the stack of code that walks through the result. Pure.
 */

/** The maximum number of values. A page of 250 events with 200 guests each has about 200,000. */
export const MAX_VALUES = 500_000
/** The maximum nesting depth. Google's answers are nested five levels deep. */
export const MAX_LEVELS = 50

const QUOTE = 34
const COMMA = 44
const BACKSLASH = 92
const [LIST_START, LIST_END, OBJECT_START, OBJECT_END] = [91, 93, 123, 125]

/** Whether the text may be parsed. Text that is not JSON is left to the parser. */
export function isWithinBounds(text: string, maxValues = MAX_VALUES): boolean {
  let values = 0
  let levels = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) at = endOfString(text, at)
    else if (code === COMMA) values += 1
    else if (code === OBJECT_START || code === LIST_START) {
      values += 1
      levels += 1
      if (levels > MAX_LEVELS) return false
    } else if (code === OBJECT_END || code === LIST_END) levels -= 1
  }
  return values <= maxValues
}

/** Returns the index of the closing quote. An escaped quote has an odd number of backslashes before it. */
function endOfString(text: string, start: number): number {
  for (let at = text.indexOf('"', start + 1); at >= 0; at = text.indexOf('"', at + 1)) {
    let backslashes = 0
    while (text.charCodeAt(at - 1 - backslashes) === BACKSLASH) backslashes += 1
    if (backslashes % 2 === 0) return at
  }
  return text.length
}
