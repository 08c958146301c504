/**
 * `npx tsx bench/floor.ts`: what any client on Node needs for the requests of a restart and of the steady state, without Kubernetes,
 * tokens, busy time or anything else that the operator does (docs/performance.md). Compare it with `make bench` on the same machine at
 * the same time.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'

interface Load {
  path: keyof typeof ANSWERS
  requests: number
  /** How many are sent at once, and how long afterwards the next ones. */
  burst: number
  everyMs: number
}

/** As Google answers the fields that the operator asks for. */
const eventOf = (_: unknown, n: number): object => ({
  ...{ id: `event${n}`, status: 'confirmed', etag: `"${n}"`, updated: '2026-03-01T09:00:00.000Z', sequence: 0 },
  start: { dateTime: `2026-03-${String(1 + (n % 28)).padStart(2, '0')}T09:00:00+01:00`, timeZone: 'Europe/Paris' },
  end: { dateTime: `2026-03-${String(1 + (n % 28)).padStart(2, '0')}T10:00:00+01:00`, timeZone: 'Europe/Paris' },
})

function listing(events: number): Buffer {
  const items = Array.from({ length: events }, eventOf)
  return gzipSync(JSON.stringify({ kind: 'calendar#events', timeZone: 'Europe/Paris', items, nextSyncToken: 'token' }))
}

const ANSWERS = { '/listing': listing(50), '/no-news': listing(0) }

const LOADS: Record<string, Load> = {
  'a listing of 50 events, 1,000 at a restart': { path: '/listing', requests: 1_000, burst: 32, everyMs: 0 },
  'an answer without news, 1,000 in 30 s': { path: '/no-news', requests: 1_000, burst: 8, everyMs: 240 },
}

const server = createServer(({ url }, response) => {
  const body = ANSWERS[url as Load['path']]
  response.writeHead(200, {
    'content-type': 'application/json',
    'content-encoding': 'gzip',
    'content-length': body.length,
  })
  response.end(body)
})
await once(server.listen(0, '127.0.0.1'), 'listening')
const { port } = server.address() as AddressInfo

console.log('| CPU ms | |\n| --- | --- |')
for (const [what, load] of Object.entries(LOADS)) {
  const client = fork(`${import.meta.dirname}/floor/client.mjs`, [`http://127.0.0.1:${port}`], { execArgv: [] })
  const next = async (): Promise<number> => ((await once(client, 'message')) as [{ cpuMs: number }])[0].cpuMs
  const startMs = await next()
  client.send(load)
  const cpuMs = await next()
  console.log(`| ${what} | ${(cpuMs / load.requests).toFixed(2)} each, and ${startMs.toFixed(0)} to start |`)
  client.kill()
}
server.close()
