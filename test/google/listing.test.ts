import { expect, it } from 'vitest'
import { listAll } from '../../src/google/listing.ts'
import { failureOf } from './support/stage.ts'

it('reads a list of a thousand pages, and gives up on a longer one: each page with another token may go on for ever', async () => {
  const pages = (last: number) => {
    let page = 0
    return listAll(() => {
      page += 1
      return Promise.resolve({
        timeZone: 'UTC',
        items: [{ id: String(page) }],
        nextPageToken: page < last ? `p${page}` : undefined,
      })
    })
  }
  expect((await pages(1_000)).events).toHaveLength(1_000)
  expect(await failureOf(pages(Infinity))).toMatchObject({
    failure: 'Unknown',
    message: 'the list of events does not come to an end',
  })
})

it('bears more events in a page than a function may have arguments', async () => {
  const items = Array.from({ length: 300_000 }, () => ({}))
  expect((await listAll(() => Promise.resolve({ timeZone: 'UTC', items }))).events).toHaveLength(300_000)
})
