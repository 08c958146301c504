import { beforeEach, describe, expect, it, vi } from 'vitest'
import { ListingBudget } from '../../src/google/body-budget.ts'
import { listPages, type PageAnswer } from '../../src/google/listing.ts'
import type { EventsPage, ListingEnd } from '../../src/google/port.ts'
import { ManualClock, settle } from '../support/clock.ts'
import { failureOf } from './support/harness.ts'

const release = (): void => undefined
const free = { count: () => Promise.resolve(), release }
const answer = (body: object): Promise<PageAnswer> =>
  Promise.resolve({ body: { timeZone: 'UTC', items: [], ...body }, characters: 100, release })

it('reads a list of a thousand pages, and gives up on a longer one: each page with another token may go on for ever', async () => {
  const pages = async (last: number): Promise<number> => {
    let page = 0
    let events = 0
    const ask = (): Promise<PageAnswer> => {
      page += 1
      return answer({ items: [{ id: String(page) }], nextPageToken: page < last ? `p${page}` : undefined })
    }
    await listPages(ask, (one) => (events += one.events.length), free)
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
  const end = await listPages(ask, ({ events, timeZone }: EventsPage) => happened.push([events, timeZone]), free)
  expect(happened).toEqual([
    undefined,
    [[{ id: 'a' }], undefined],
    'p1',
    [[{ id: 'b' }], 'Europe/Paris'],
    'p2',
    [[{ id: 'c' }], 'Europe/Paris'],
  ])
  expect(end).toEqual({ timeZone: 'Europe/Paris', nextSyncToken: 's1', truncated: false })
})

it('says that events may be missing when the last of several pages has no sync token', async () => {
  const ending = (...bodies: object[]): Promise<ListingEnd> =>
    listPages(
      () => answer(bodies.shift() ?? {}),
      () => undefined,
      free,
    )
  expect(await ending({ nextPageToken: 'p1' }, {})).toMatchObject({ truncated: true })
  expect(await ending({ nextPageToken: 'p1' }, { nextSyncToken: 's1' })).toMatchObject({ truncated: false })
  expect(await ending({})).toMatchObject({ truncated: false })
})

it('makes room for other answers once a page was used, even if its use failed', async () => {
  const released = vi.fn()
  const ask = (): Promise<PageAnswer> =>
    Promise.resolve({ body: { timeZone: 'UTC', items: [] }, characters: 100, release: released })
  const refuse = (): void => {
    expect(released).not.toHaveBeenCalled()
    throw new Error('no use')
  }
  await expect(listPages(ask, refuse, free)).rejects.toThrow('no use')
  expect(released).toHaveBeenCalledOnce()
  const unusable = (): Promise<PageAnswer> =>
    Promise.resolve({ body: { items: 5 }, characters: 100, release: released })
  await failureOf(listPages(unusable, () => undefined, free))
  expect(released).toHaveBeenCalledTimes(2)
})

describe('a listing that is large in all', () => {
  const MIB = 1024 * 1024
  const keys = { client: 'a', account: 'alice' }
  let clock: ManualClock
  let budget: ListingBudget
  beforeEach(() => {
    clock = new ManualClock()
    budget = new ListingBudget(clock)
  })

  it('waits for a slot before it continues, and no small one does', async () => {
    const [first, second] = [budget.lease(keys), budget.lease(keys)]
    await first.count(3 * MIB)
    await budget.lease(keys).count(2 * MIB)
    let goesOn = false
    const counted = second.count(3 * MIB).then(() => (goesOn = true))
    await settle()
    expect(goesOn).toBe(false)
    first.release()
    await counted
  })

  it('has one place however often it is counted, and leaves it when it ends', async () => {
    for (let turn = 0; turn < 9; turn++) {
      const lease = budget.lease(keys)
      for (let page = 0; page < 9; page++) await lease.count(MIB)
      lease.release()
      lease.release()
    }
  })

  it('is given up if no slot becomes free soon, to be tried again', async () => {
    await budget.lease(keys).count(3 * MIB)
    const failed = failureOf(budget.lease(keys).count(3 * MIB))
    await clock.advance(15_000)
    expect(await failed).toMatchObject({ failure: 'Unknown' })
  })

  it('leaves its place whatever its end', async () => {
    const left = vi.fn()
    const lease = { count: () => Promise.resolve(), release: left }
    await listPages(
      () => answer({}),
      () => undefined,
      lease,
    )
    await failureOf(
      listPages(
        () => answer({ items: 5 }),
        () => undefined,
        lease,
      ),
    )
    expect(left).toHaveBeenCalledTimes(2)
  })
})
