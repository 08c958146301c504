/** The names of time zones that a Booking may state. Pure. */

/** Offsets such as `+01:00`, which newer versions of `Intl` accept, are not names. */
const NAME = /^[A-Za-z]/

/** Whether this is the name of a time zone in the IANA database, as far as this version of Node knows it. */
export function isTimeZone(name: string): boolean {
  if (!NAME.test(name)) return false
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}
