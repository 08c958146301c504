import { expect, it, vi } from 'vitest'
import { listPages, type PageAnswer } from '../../src/google/listing.ts'
import type { EventsPage } from '../../src/google/port.ts'
import { failureOf } from './support/stage.ts'

const release = (): void => undefined
const answer = (body: object): Promise<PageAnswer> =>
  Promise.resolve({ body: { timeZone: 'UTC', items: [], ...body }, release })

it('reads a list of a thousand pages, and gives up on a longer one: each page with another token may go on for ever', async () => {
  const pages = async (last: number): Promise<number> => {
    let page = 0
    let events = 0
    const ask = (): Promise<PageAnswer> => {
      page += 1
      return answer({ items: [{ id: String(page) }], nextPageToken: page < last ? `p${page}` : undefined })
    }
    await listPages(ask, (one) => (events += one.events.length))
    return events
  }
  expect(await pages(1_000)).toBe(1_000)
  expect(await failureOf(pages(Infinity))).toMatchObject({
    failure: 'Unknown',
    message: 'the list of events does not come to an end',
  })
})

it('hands on each page before it asks for the next, with the zone as far as it is known', async () => {
  const bodies = [
    { items: [{ id: 'a' }], timeZone: undefined, nextPageToken: 'p1' },
    { items: [{ id: 'b' }], timeZone: 'Europe/Paris', nextPageToken: 'p2' },
    { items: [{ id: 'c' }], timeZone: undefined, nextSyncToken: 's1' },
  ]
  const happened: unknown[] = []
  const ask = (token: string | undefined): Promise<PageAnswer> => {
    happened.push(token)
    return answer(bodies.shift() ?? {})
  }
  const end = await listPages(ask, ({ events, timeZone }: EventsPage) => happened.push([events, timeZone]))
  expect(happened).toEqual([
    undefined,
    [[{ id: 'a' }], undefined],
    'p1',
    [[{ id: 'b' }], 'Europe/Paris'],
    'p2',
    [[{ id: 'c' }], 'Europe/Paris'],
  ])
  expect(end).toEqual({ timeZone: 'Europe/Paris', nextSyncToken: 's1' })
})

it('makes room for other answers once a page was used, also where it could not be', async () => {
  const released = vi.fn()
  const ask = (): Promise<PageAnswer> => Promise.resolve({ body: { timeZone: 'UTC', items: [] }, release: released })
  const refuse = (): void => {
    expect(released).not.toHaveBeenCalled()
    throw new Error('no use')
  }
  await expect(listPages(ask, refuse)).rejects.toThrow('no use')
  expect(released).toHaveBeenCalledOnce()
  const unusable = (): Promise<PageAnswer> => Promise.resolve({ body: { items: 5 }, release: released })
  await failureOf(listPages(unusable, () => undefined))
  expect(released).toHaveBeenCalledTimes(2)
})
