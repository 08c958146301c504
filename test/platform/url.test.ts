import { describe, expect, it } from 'vitest'
import { parseURL } from '../../src/platform/url.ts'

describe('an address', () => {
  it.each([
    ['https://booking.example.com/path', 'booking.example.com'],
    ['https://bücher.example', 'xn--bcher-kva.example'],
    ['https://日本.example', 'xn--wgv71a.example'],
    ['booking.example.com', undefined],
    ['', undefined],
  ])('%j has the host %j', (text, host) => expect(parseURL(text)?.hostname).toBe(host))

  it('with an umlaut is still one after many addresses were parsed', () => {
    for (let n = 0; n < 100_000; n++) parseURL('https://booking.example.com')
    expect(parseURL('https://bücher.example')?.hostname).toBe('xn--bcher-kva.example')
  })
})
