import { existsSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { PROMISES } from './promises.ts'

test.each(PROMISES)('$promise: can be broken in one place of $file', ({ file, find, test: path }) => {
  expect(readFileSync(file, 'utf8').split(find)).toHaveLength(2)
  expect(existsSync(path)).toBe(true)
})
