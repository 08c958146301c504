/** Dates without a time. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { parseDate, renderDate } from '../../src/calendar/calendar-date.ts'

const DAY_MS = 86_400_000
const seeded = { seed: 20261123, numRuns: 2000 }

const date = fc
  .tuple(
    fc.constantFrom('0001', '1900', '1970', '2000', '2023', '2024', '9999'),
    fc.constantFrom('00', '01', '02', '04', '09', '11', '12', '13'),
    fc.constantFrom('00', '01', '09', '28', '29', '30', '31', '32', '99'),
  )
  .map((parts) => parts.join('-'))

it('are parsed only if the calendar contains them', () => {
  const property = fc.property(date, (text) => {
    const [year = 0, month = 0, day = 0] = text.split('-').map(Number)
    const found = new Date(0)
    found.setUTCFullYear(year, month - 1, day)
    const exists = found.getUTCMonth() === month - 1 && found.getUTCDate() === day
    expect(parseDate(text)).toBe(exists ? found.getTime() / DAY_MS : undefined)
    if (exists) expect(renderDate(found.getTime() / DAY_MS)).toBe(text)
  })
  fc.assert(property, seeded)
})
