/**
 * How texts that others wrote are shown. Addresses are shortened, so that only somebody who knows an address recognizes it. Every
 * text is truncated and stripped of characters that could mislead a reader.
 */
import { clean } from '../../platform/scrub.ts'

/** Longer values are rarely sincere. */
const MAX_LENGTH = 100

/** Shortens an address: `alice@example.com` becomes `a…e@example.com`; a shortened address stays unchanged. */
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

/** Cleans free text, and shortens every address in it. */
export const withoutAddresses = (text: string): string =>
  displayText(text).replace(/[^\s@<>,;:()"']+@[^\s@<>,;:()"']+/gu, (address) => shortened(address))

/** Cleans and truncates any other text. */
export const displayText = (text: string): string => clean(text, MAX_LENGTH)
