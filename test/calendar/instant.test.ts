/** Instants as they are published. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  clampInstant,
  EARLIEST,
  InstantRenderer,
  LATEST,
  parseInstant,
  renderInstant,
} from '../../src/calendar/instant.ts'

const seeded = { seed: 20261123, numRuns: 2000 }

/** The same with the Date's own rendering. */
const expected = (instant: number): string =>
  `${new Date(Math.floor(clampInstant(instant) / 1000) * 1000).toISOString().slice(0, -5)}Z`

const instants = fc.oneof(
  fc.integer({ min: EARLIEST - 1000, max: LATEST + 1000 }),
  fc.double({ min: -1e12, max: 4e12, noNaN: true }),
  fc.constantFrom(-Infinity, Infinity, -0, 0, -1, -0.5, -999, 999.9, EARLIEST, LATEST, LATEST + 999, 951_782_400_000),
)

const twoDigits = fc.integer({ min: 0, max: 99 }).map((number) => String(number).padStart(2, '0'))

/** Texts of the right form, most of them with a part out of range, and texts of nearly the right form. */
const texts = fc.oneof(
  fc
    .tuple(
      fc.constantFrom('0000', '0001', '1900', '2000', '2023', '2024', '9999'),
      fc.array(twoDigits, { minLength: 5, maxLength: 5 }),
    )
    .map(([year, [month, day, ...time]]) => `${year}-${month!}-${day!}T${time.join(':')}Z`),
  fc
    .tuple(
      fc.constantFrom('0000', '1900', '2000', '2023', '2024'),
      fc.constantFrom('01', '02', '04', '11', '12', '13', '00'),
    )
    .chain(([year, month]) =>
      fc
        .tuple(
          fc.constantFrom('00', '01', '28', '29', '30', '31', '32'),
          fc.constantFrom('00:00:00', '23:59:59', '24:00:00', '23:60:00', '23:59:60'),
          fc.constantFrom('Z', 'z', '', '.000Z', '+00:00', 'Z\n', ' Z'),
        )
        .map(([day, time, end]) => `${year}-${month}-${day}T${time}${end}`),
    ),
  instants.map(expected),
  fc.string(),
  fc.constantFrom('+02026-01-01T00:00:00Z', '-00001-01-01T00:00:00Z', '２026-01-01T00:00:00Z', '2026-01-01 00:00:00Z'),
)

describe('instants', () => {
  it('are rendered to the second, in years of four digits', () => {
    fc.assert(
      fc.property(instants, (instant) => {
        expect(renderInstant(instant)).toBe(expected(instant))
      }),
      seeded,
    )
    expect(() => renderInstant(NaN)).toThrow(RangeError)
  })

  it('of one document are rendered as each of them is by itself', () => {
    const nearby = instants.chain((instant) => fc.array(fc.integer({ min: -2e8, max: 2e8 }).map((ms) => instant + ms)))
    const property = fc.property(nearby, (all) => {
      const document = new InstantRenderer()
      expect(all.map((instant) => document.render(instant))).toEqual(all.map(renderInstant))
    })
    fc.assert(property, seeded)
  })

  it('are parsed only if they could have been rendered', () => {
    const property = fc.property(texts, (text) => {
      const instant = Date.parse(text)
      const isRendered = !Number.isNaN(instant) && expected(instant) === text
      expect(parseInstant(text)).toBe(isRendered ? instant : undefined)
    })
    fc.assert(property, seeded)
    expect([0, null, undefined, {}, ['2026-01-01T00:00:00Z']].map(parseInstant)).toEqual(Array(5).fill(undefined))
  })
})
