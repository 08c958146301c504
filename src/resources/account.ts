/** Whether two e-mail addresses name the same Google account. Pure. */

/** Compares two addresses; case is ignored, and googlemail.com is the same as gmail.com. */
export const sameAccount = (a: string, b: string): boolean => canonicalAccount(a) === canonicalAccount(b)

/** The canonical form of an address, by which accounts are compared. */
export const canonicalAccount = (address: string): string =>
  address
    .trim()
    .toLowerCase()
    .replace(/@googlemail\.com$/, '@gmail.com')
