/**
 * How texts of others are shown: addresses so that who knows them recognizes them, and they are of no use to who doesn't;
 * everything without what could deceive a reader, and cut.
 */
import { clean } from '../../platform/scrub.ts'

/** Of one value. Longer ones are seldom meant well. */
const MAX_LENGTH = 100

/** `alice@example.com` → `a…e@example.com`; what was shortened already stays as it is. */
export function shortened(text: string): string {
  const address = displayText(text)
  const at = address.lastIndexOf('@')
  return at === -1 ? ends(address) : `${ends(address.slice(0, at))}${address.slice(at)}`
}

function ends(text: string): string {
  const signs = Array.from(text)
  const [first = '', last = ''] = [signs.at(0), signs.at(-1)]
  if (signs.length < 2) return '…'
  return signs.length === 2 ? `${first}…` : `${first}…${last}`
}

/** Text of people's own making, with every address in it shortened. */
export const withoutAddresses = (text: string): string =>
  displayText(text).replace(/[^\s@<>,;:()"']+@[^\s@<>,;:()"']+/gu, (address) => shortened(address))

/** Any other text. */
export const displayText = (text: string): string => clean(text, MAX_LENGTH)
