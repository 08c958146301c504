import { expect, test } from 'vitest'
import { FairFifoSet } from '../../src/controller/fifo-set.ts'
import { WorkQueue } from '../../src/controller/queue.ts'
import { ManualClock } from '../support/clock.ts'

const namespaceOf = (key: string): string[] => key.split('/').slice(0, 1)

function taken(line: FairFifoSet): string[] {
  const keys: string[] = []
  for (let key = line.shift(); key !== undefined; key = line.shift()) keys.push(key)
  return keys
}

test('in a fair set, groups take turns, and each group is in FIFO order', () => {
  const line = new FairFifoSet(namespaceOf)
  for (const key of ['a/1', 'a/2', 'a/3', 'b/1', 'b/2', 'c/1']) line.add(key)
  line.add('a/1')
  expect(line.size).toBe(6)
  expect(taken(line)).toEqual(['a/1', 'b/1', 'c/1', 'a/2', 'b/2', 'a/3'])
  expect(line.size).toBe(0)
})

test('within a group, the groups of the next level take turns', () => {
  const line = new FairFifoSet((key) => key.split('/').slice(0, 2))
  for (const key of ['a/x/1', 'a/x/2', 'a/x/3', 'a/y/1', 'b/x/1', 'b/x/2']) line.add(key)
  line.delete('b/x/1')
  expect(line.size).toBe(5)
  expect(taken(line)).toEqual(['a/x/1', 'b/x/2', 'a/y/1', 'a/x/2', 'a/x/3'])
})

test('a group none of whose inner groups may be chosen gives its turn to the next', () => {
  const line = new FairFifoSet((key) => key.split('/').slice(0, 2))
  for (const key of ['a/x/1', 'a/x/2', 'b/y/1']) line.add(key)
  const may = (group: string, level: number): boolean => level === 0 || group !== 'x'
  expect([line.shift(may), line.shift(may)]).toEqual(['b/y/1', undefined])
  expect(taken(line)).toEqual(['a/x/1', 'a/x/2'])
})

test('a deleted key is not returned, and an empty group has no turn', () => {
  const line = new FairFifoSet(namespaceOf)
  for (const key of ['a/1', 'b/1', 'b/2']) line.add(key)
  line.delete('a/1')
  line.delete('a/1')
  line.delete('nobody/1')
  line.delete('b/1')
  expect(line.size).toBe(1)
  line.add('a/2')
  expect(taken(line)).toEqual(['b/2', 'a/2'])
  line.add('a/3')
  expect(taken(line)).toEqual(['a/3'])
})

test('a single key of another group is second at the latest, with a thousand of one group', () => {
  const queue = new WorkQueue({ clock: new ManualClock(), random: () => 0.5, groupsOf: namespaceOf })
  for (let number = 0; number < 1_000; number++) queue.add(`hostile/${number}`)
  queue.add('honest/1')
  expect([queue.get(), queue.get()]).toEqual(['hostile/0', 'honest/1'])
  queue.addAfter('honest/2', 0)
  for (let turn = 0; turn < 4; turn++) if (queue.get() === 'honest/2') return
  throw new Error('it was not taken')
})

test('a fair set of 100,000 keys in as many groups is emptied quickly', () => {
  const line = new FairFifoSet((key) => [key])
  for (let number = 0; number < 100_000; number++) line.add(`${number}`)
  expect(taken(line)).toHaveLength(100_000)
})
