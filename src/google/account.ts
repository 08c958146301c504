/** Whether two e-mail addresses name one Google account: case is of no matter, and googlemail.com is gmail.com. Pure. */
export const sameAccount = (a: string, b: string): boolean => canonical(a) === canonical(b)

const canonical = (address: string): string =>
  address
    .trim()
    .toLowerCase()
    .replace(/@googlemail\.com$/, '@gmail.com')
