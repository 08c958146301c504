import { expect, test } from 'vitest'
import { findChromium } from './support/chromium.ts'

const here = import.meta.filename

test('the browser that CHROMIUM names is taken', () => expect(findChromium(here, [])).toBe(here))

test('else the first that is there is taken', () => {
  expect(findChromium('', ['/nowhere/chromium', here])).toBe(here)
})

test('a wrong path is called one', () => {
  expect(() => findChromium('/nowhere/chromium')).toThrow('CHROMIUM is /nowhere/chromium, where there is no such file')
})

test('without a browser it says how to get one', () => {
  expect(() => findChromium(undefined, ['/nowhere/chromium'])).toThrow(
    'these tests need Chromium, and none of /nowhere/chromium is there; install it (Debian: apt-get install chromium), or set CHROMIUM',
  )
})
