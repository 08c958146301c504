/** When two e-mail addresses name one Google account. Pure. */

/** Compares without regard to case; googlemail.com is gmail.com. */
export const sameAccount = (a: string, b: string): boolean => canonicalAccount(a) === canonicalAccount(b)

/** The one form of an account's address by which it is compared. */
export const canonicalAccount = (address: string): string =>
  address
    .trim()
    .toLowerCase()
    .replace(/@googlemail\.com$/, '@gmail.com')
