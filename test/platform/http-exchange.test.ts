/** One request and its answer, with an undici that the test plays. */
import type { Dispatcher } from 'undici'
import { beforeEach, expect, test, vi } from 'vitest'
import { Exchange } from '../../src/platform/http-exchange.ts'

const OPTIONS: Dispatcher.DispatchOptions = { origin: 'http://127.0.0.1', path: '/', method: 'GET' }

/** One attempt of undici to send a request. */
const attempt = () => ({ pause: vi.fn(), resume: vi.fn(), abort: vi.fn() })
const as = (controller: ReturnType<typeof attempt>) => controller as unknown as Dispatcher.DispatchController

let first: ReturnType<typeof attempt>
let exchange: Exchange
beforeEach(() => {
  first = attempt()
  exchange = new Exchange({ dispatch: () => true }, OPTIONS, () => undefined)
})

test('a request that was aborted while it waited for a connection is not sent', async () => {
  const late = new Error('late')
  exchange.abort(late)
  exchange.abort(new Error('later'))
  await expect(exchange.answer).rejects.toBe(late)
  exchange.onRequestStart(as(first))
  expect(first.abort).toHaveBeenCalledWith(late)
})

test('what came over an earlier connection is no part of the answer', async () => {
  exchange.onRequestStart(as(first))
  exchange.onResponseData(as(first), Buffer.from('half'))
  const second = attempt()
  exchange.onRequestStart(as(second))
  exchange.onResponseStart(as(second), 200, { a: 'b' })
  exchange.onResponseData(as(second), Buffer.from('wh'))
  exchange.onResponseData(as(second), Buffer.from('ole'))
  exchange.onResponseEnd()
  const { statusCode, headers, body } = await exchange.answer
  expect([statusCode, headers, body.toString()]).toEqual([200, { a: 'b' }, 'whole'])
})

test('an abort after the answer leaves the connection alone, which serves the next request', async () => {
  exchange.onRequestStart(as(first))
  exchange.onResponseStart(as(first), 204, {})
  exchange.onResponseEnd()
  exchange.abort(new Error('late'))
  expect((await exchange.answer).statusCode).toBe(204)
  expect(first.abort).not.toHaveBeenCalled()
})
