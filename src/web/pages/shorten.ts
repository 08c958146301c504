/** How addresses are shown: recognized by who knows them, of no use to who doesn't. */

/** `alice@example.com` → `a…e@example.com`; what was shortened already stays as it is. */
export function shortened(address: string): string {
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
  text.replace(/[^\s@<>,;:()"']+@[^\s@<>,;:()"']+/gu, (address) => shortened(address))
