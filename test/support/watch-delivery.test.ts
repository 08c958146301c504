/** A write that waits for the watches of its process, with a server of watches that the test plays. */
import { once } from 'node:events'
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { request } from 'undici'
import { exchange } from './clock.ts'
import { WatchDelivery } from './watch-delivery.ts'

const COLLECTION = '/apis/calendar-operator.io/v1alpha1/namespaces/booking/agents'
const EVERYWHERE = '/apis/calendar-operator.io/v1alpha1/agents'

let server: Server
let delivery: WatchDelivery
let answers: ServerResponse[]
let ended: Promise<unknown>[]

beforeEach(async () => {
  answers = []
  ended = []
  server = createServer((_, answer) => void answers.push(answer)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  delivery = new WatchDelivery()
})

afterEach(async () => {
  for (const answer of answers) answer.end()
  await Promise.all(ended)
  delivery.close()
  server.close()
})

/** Opens a watch. Returns a function that sends one of its events. */
async function watch(path: string, status = 200): Promise<(event: object) => void> {
  const { port } = server.address() as AddressInfo
  const opened = request(`http://127.0.0.1:${port}${path}`)
  await once(server, 'request')
  const answer = answers.at(-1)!
  answer.writeHead(status).flushHeaders()
  ended.push((await opened).body.dump())
  return (event) => answer.write(`${JSON.stringify(event)}\n`)
}

const alice = (version: number, rest: object = {}) => ({
  collection: COLLECTION,
  metadata: { name: 'alice', namespace: 'booking', resourceVersion: String(version), ...rest },
})
const event = (type: string, version: number, uid = 'u') => ({
  type,
  object: { metadata: { name: 'alice', uid, resourceVersion: String(version) } },
})

/** Whether a promise is still pending, after everything that needs no input. */
async function isPending(promise: Promise<unknown>): Promise<boolean> {
  let pending = true
  void promise.finally(() => (pending = false))
  for (let round = 0; round < 5; round++) await exchange()
  return pending
}

test('a write waits until each watch of its collection has delivered its version', async () => {
  const one = await watch(`${COLLECTION}?watch=true&resourceVersion=5`)
  const other = await watch(`${EVERYWHERE}?watch=true&resourceVersion=5`)
  const written = delivery.written(alice(7))
  one(event('MODIFIED', 7))
  other(event('MODIFIED', 6))
  expect(await isPending(written)).toBe(true)
  other(event('BOOKMARK', 8))
  await written
})

test('a write does not wait for watches that began later, show something else, are refused or have ended', async () => {
  await watch(`${COLLECTION}?watch=true&resourceVersion=7`)
  await watch(`${COLLECTION.replace('booking', 'other')}?watch=true&resourceVersion=5`)
  await watch(`${COLLECTION}?watch=true&resourceVersion=5&labelSelector=team%3Da`)
  await watch(`${COLLECTION}?watch=true&resourceVersion=5&fieldSelector=metadata.name%3Dbob`)
  await watch(`${COLLECTION}?watch=true&resourceVersion=5`, 403)
  await watch(`${COLLECTION}?watch=true&resourceVersion=5`)
  answers.at(-1)!.end()
  await delivery.written(alice(7))
})

test('a write waits for a watch whose selectors choose the object', async () => {
  const query = 'watch=true&resourceVersion=5&fieldSelector=metadata.name%3Dalice&labelSelector=team%3Da'
  const send = await watch(`${COLLECTION}?${query}`)
  const written = delivery.written(alice(7, { labels: { team: 'a' } }))
  expect(await isPending(written)).toBe(true)
  send(event('ADDED', 7))
  await written
})

test('a deletion waits until the watches of that moment have delivered it', async () => {
  const send = await watch(`${COLLECTION}?watch=true&resourceVersion=5`)
  const untilDeleted = delivery.deleting(COLLECTION, { name: 'alice' })
  await watch(`${COLLECTION}?watch=true&resourceVersion=9`)
  const deleted = untilDeleted('u')
  send(event('DELETED', 7, 'another'))
  // As when finalizers keep it for a while.
  send(event('MODIFIED', 8))
  expect(await isPending(deleted)).toBe(true)
  send(event('DELETED', 9))
  await deleted
})
