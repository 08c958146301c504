/** What a reconciler remembers of its objects. */
import { expect, test } from 'vitest'
import { ObjectStates } from '../../src/kubernetes/object-states.ts'
import { anAgent } from '../support/resources.ts'

interface Counts {
  readonly read: number
  readonly written: number
}

const newStates = (): ObjectStates<Counts> => new ObjectStates(() => ({ read: 0, written: 0 }))

const agent = anAgent()
const recreated = { ...agent, metadata: { ...agent.metadata, uid: 'another' } }

test('a state stays until its object is gone', () => {
  const states = newStates()
  states.of(agent).update({ read: 1 })
  expect(states.of(agent).value).toEqual({ read: 1, written: 0 })
  states.forget('booking/alice')
  expect(states.of(agent).value).toEqual({ read: 0, written: 0 })
})

test('an object that was created again starts with a new state, and what still runs for the old one does not change it', () => {
  const states = newStates()
  const old = states.of(agent)
  const state = states.of(recreated)
  old.update({ read: 1 })
  expect(state.value.read).toBe(0)
  expect(states.get('booking/alice')).toBe(state)
})

test('a step replaces only its own fields, also if others have changed since it began', () => {
  const state = newStates().of(agent)
  const before = state.value
  state.update({ written: 1 })
  state.update({ read: 1 })
  expect([before, state.value]).toEqual([
    { read: 0, written: 0 },
    { read: 1, written: 1 },
  ])
})

test('a step changes the fields that differ, also where others are as before', () => {
  const state = newStates().of(agent)
  state.update({ read: 0, written: 1 })
  expect(state.value).toEqual({ read: 0, written: 1 })
})

test('exclusive functions run one after the other, also after one has failed', async () => {
  const state = newStates().of(agent)
  const order: string[] = []
  const failing = state.runExclusive(async () => {
    await Promise.resolve()
    order.push('first')
    throw new Error('failed')
  })
  const second = state.runExclusive(() => Promise.resolve(order.push('second')))
  await expect(failing).rejects.toThrow('failed')
  await second
  expect(order).toEqual(['first', 'second'])
})
