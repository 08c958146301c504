import { describe, expect, test } from 'vitest'
import { canonicalSelector, matches, parseLabelSelector } from '../../src/resources/label-selector.ts'

const parsed = (text: string) => {
  const result = parseLabelSelector(text)
  if ('wrong' in result) throw new Error(`${result.wrong} is no requirement`)
  return result.selector
}

describe('a label selector as kubectl takes it', () => {
  test.each<[string, Record<string, string>, boolean]>([
    ['shard=a', { shard: 'a' }, true],
    ['shard == a', { shard: 'b' }, false],
    ['shard=a', {}, false],
    ['shard!=a', {}, true],
    ['shard!=a', { shard: 'a' }, false],
    ['shard in (a, b)', { shard: 'b' }, true],
    ['shard notin (a,b)', { shard: 'b' }, false],
    ['shard notin (a,b)', {}, true],
    ['shard', { shard: '' }, true],
    ['shard', {}, false],
    ['!shard', {}, true],
    ['!shard', { shard: 'a' }, false],
    ['shard=', { shard: '' }, true],
    ['example.com/shard in (a,b),tier!=x', { 'example.com/shard': 'a', tier: 'y' }, true],
    ['example.com/shard in (a,b),tier!=x', { 'example.com/shard': 'a', tier: 'x' }, false],
  ])('%s and %j: %s', (text, labels, isSelected) => {
    expect(matches(parsed(text), labels)).toBe(isSelected)
  })

  test.each([
    ['shard>1', 'shard>1'],
    ['a=b,,c', ''],
    ['shard in a', 'shard in a'],
    ['shard in (a', 'shard in (a'],
    ['shard in (a,-b)', 'shard in (a,-b)'],
    ['-shard', '-shard'],
    ['a=b c', 'a=b c'],
    [`a=${'x'.repeat(64)}`, `a=${'x'.repeat(64)}`],
  ])('does not take %s', (text, wrong) => expect(parseLabelSelector(text)).toEqual({ wrong }))

  test('has one canonical text, however it was written', () => {
    const texts = ['b in (y,x),a=1', 'a==1, b in (x, y, x)', 'a in (1),b in (x,y)'].map((text) =>
      canonicalSelector(parsed(text)),
    )
    expect(new Set(texts).size).toBe(1)
    expect(canonicalSelector(parsed('!a'))).not.toBe(canonicalSelector(parsed('a')))
  })
})
