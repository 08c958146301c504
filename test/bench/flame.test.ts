import { describe, expect, test } from 'vitest'
import { drawn } from '../../bench/flame/drawing.ts'
import { callsOf, within, type CPUProfile } from '../../bench/flame/profile.ts'

const frame = (functionName: string) => ({ functionName, url: 'node:x', lineNumber: 0, columnNumber: 0 })
const named = ({ functionName, url }: { functionName: string; url: string }) => ({ name: functionName, origin: url })

/** `read` is called twice by `tick`, once of them it calls `parse`; 30 µs were idle. */
const PROFILE: CPUProfile = {
  nodes: [
    { id: 1, callFrame: frame('(root)'), children: [2, 3] },
    { id: 2, callFrame: frame('tick'), children: [4, 5] },
    { id: 3, callFrame: frame('(idle)') },
    { id: 4, callFrame: frame('read') },
    { id: 5, callFrame: frame('read'), children: [6] },
    { id: 6, callFrame: frame('parse <T>') },
  ],
  samples: [2, 4, 5, 6, 3],
  timeDeltas: [10, 20, 5, 40, 30],
}

describe('A flame graph', () => {
  test('merges the calls of a function by the same callers, and leaves out what is idle', () => {
    const all = callsOf(PROFILE, named)
    expect(all.micros).toBe(75)
    const tick = all.calls.get('node:x tick')
    expect(tick?.micros).toBe(75)
    const read = tick?.calls.get('node:x read')
    expect([read?.micros, [...(read?.calls.values() ?? [])].map(({ micros }) => micros)]).toEqual([65, [40]])
  })

  test('can be that of a part of the time', () => {
    const seconds = { ...PROFILE, timeDeltas: PROFILE.timeDeltas.map((delta) => delta * 1_000_000) }
    expect(within(seconds, 11, 36)).toMatchObject({ samples: [4, 5], timeDeltas: [20_000_000, 5_000_000] })
    expect(within(seconds, 0, Infinity)).toEqual(seconds)
  })

  test('is as wide as the time that a call took, and shows names as text', () => {
    const svg = drawn(callsOf(PROFILE, named), 'A & B')
    const widths = [...svg.matchAll(/<rect x="[\d.]+" y="\d+" width="([\d.]+)"/g)].map(([, width]) => Number(width))
    expect(widths).toEqual([1184, 1026.1, 631.5])
    expect(svg).toContain('A &amp; B')
    expect(svg).toContain('>parse &lt;T&gt;</text>')
  })
})
