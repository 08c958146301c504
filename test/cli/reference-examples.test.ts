import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { validate } from '../../src/cli/validate.ts'

test('the examples of the reference pages pass, and go together', async () => {
  const lines: string[] = []
  const code = await validate(
    ['docs/reference/examples/calendarintegration.yaml', 'docs/reference/examples/agent.yaml'],
    {
      readFile: (path) => readFile(path, 'utf8'),
      readStdin: () => Promise.resolve(''),
      write: (line) => lines.push(line),
    },
  )
  expect(lines.slice(0, -1)).toEqual([])
  expect(code).toBe(0)
})
