/** Answers of Google that contradict themselves: what is published is never freer than they allow. */
import { afterEach, beforeEach, expect, it } from 'vitest'
import { MINUTE, OneAgent } from './support/one-agent.ts'

let one: OneAgent

beforeEach(async () => {
  one = new OneAgent()
  await one.ready()
})

afterEach(() => one.end())

const TIMES = { start: { dateTime: '2026-11-24T02:00:00Z' }, end: { dateTime: '2026-11-24T03:00:00Z' } }
const MEETING = { start: '2026-11-24T02:00:00Z', end: '2026-11-24T03:00:00Z' }

/** Every listing gets this answer from now on, with status 200. */
async function answer(body: object): Promise<void> {
  one.world.google.before = ({ path }) => {
    if (path.includes('/events?')) one.world.google.twist([{ do: 'replace', text: JSON.stringify(body) }])
  }
  await one.reconcileAfter(6 * MINUTE)
}

it('a listing that contains an error besides its items is not used', async () => {
  await answer({ error: { code: 500, message: 'backend' }, items: [], timeZone: 'UTC', nextSyncToken: 'a' })
  expect(one.busy).toEqual([MEETING])
  expect(one.condition('Synced')?.message).toContain('There has been a problem since')
})

it.each([
  ['declined', 'accepted'],
  ['accepted', 'declined'],
  ['declined', 'tentative'],
  ['declined', undefined],
])('of two own answers, %s and %s, the busier one counts', async (first, second) => {
  const attendees = [first, second].map((responseStatus) => ({ self: true, responseStatus }))
  await answer({ items: [{ id: 'aaaaa', ...TIMES, attendees }], timeZone: 'UTC', nextSyncToken: 'a' })
  expect(one.busy).toEqual([MEETING])
})

it('two own answers that both decline are free', async () => {
  const attendees = [1, 2].map(() => ({ self: true, responseStatus: 'declined' }))
  await answer({ items: [{ id: 'aaaaa', ...TIMES, attendees }], timeZone: 'UTC', nextSyncToken: 'a' })
  expect(one.busy).toEqual([])
})
