/** Compares the e-mail addresses of Google accounts. Pure. */

/** Whether two addresses belong to the same account: case is ignored, and googlemail.com equals gmail.com. */
export const sameAccount = (a: string, b: string): boolean => canonicalAccount(a) === canonicalAccount(b)

/** Returns the canonical form of an address, by which accounts are compared. */
export const canonicalAccount = (address: string): string =>
  address
    .trim()
    .toLowerCase()
    .replace(/@googlemail\.com$/, '@gmail.com')
