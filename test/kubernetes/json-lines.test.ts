import { describe, expect, it } from 'vitest'
import { jsonLines } from '../../src/kubernetes/json-lines.ts'

describe('lines of JSON', () => {
  it('are parsed whole, however they were cut into chunks, even within a character', async () => {
    const values = [{ name: 'Zoë' }, { name: '日本' }, [1, 2]]
    const bytes = Buffer.from(`${values.map((value) => JSON.stringify(value)).join('\n')}\n\n`)
    for (let size = 1; size <= bytes.length; size++) {
      const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
        bytes.subarray(index * size, (index + 1) * size),
      )
      const stream = (async function* () {
        yield* pieces
      })()
      const read: unknown[] = []
      for await (const value of jsonLines(stream)) read.push(value)
      expect(read).toEqual(values)
    }
  })
})
