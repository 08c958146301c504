/** Which of two versions is newer: in doubt the first, so that no event is lost. */
import { expect, test } from 'vitest'
import { isNewer } from '../../src/kubernetes/versions.ts'

test.each<[string | undefined, string | undefined, boolean]>([
  ['10', '9', true],
  ['9', '10', false],
  ['10', '10', false],
  ['11', '10', true],
  ['9007199254740993', '9007199254740992', true],
  [undefined, '10', true],
  ['10', undefined, true],
  [undefined, undefined, true],
  ['abc', '10', true],
  ['10', 'abc', true],
  ['abc', 'abc', false],
  ['b', 'a', true],
  ['a', 'b', true],
  ['010', '10', true],
])('version %s, where %s is known, is newer: %s', (version, known, newer) => {
  expect(isNewer(version, known)).toBe(newer)
})
