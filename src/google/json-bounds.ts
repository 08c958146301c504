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
/** `[` and `{` differ in this bit only, and so do `]` and `}`. */
const BRACE = 32
const [START, END] = [123, 125]

/** Whether the text may be parsed. Text that is not JSON is left to the parser. */
export function isWithinBounds(text: string, maxValues = MAX_VALUES): boolean {
  let values = 0
  let levels = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) {
      const end = text.indexOf('"', at + 1)
      if (end < 0) break
      at = text.charCodeAt(end - 1) === BACKSLASH ? endOfString(text, end) : end
    } else if (code === COMMA) values += 1
    else if ((code | BRACE) === START) {
      values += 1
      levels += 1
      if (levels > MAX_LEVELS) return false
    } else if ((code | BRACE) === END) levels -= 1
  }
  return values <= maxValues
}

/** Returns the index of the closing quote: this one or a later one. An escaped quote has an odd number of backslashes before it. */
function endOfString(text: string, quote: number): number {
  for (let at = quote; at >= 0; at = text.indexOf('"', at + 1)) {
    let backslashes = 0
    while (text.charCodeAt(at - 1 - backslashes) === BACKSLASH) backslashes += 1
    if (backslashes % 2 === 0) return at
  }
  return text.length
}
