// The least that a client on Node does: it requests, unpacks and parses, and nothing else. Plain JavaScript, so that nothing is
// compiled for it. Messages of bench/floor.ts say how much.
import { setTimeout as pause } from 'node:timers/promises'
import { gunzipSync } from 'node:zlib'
import { Pool } from 'undici'

const pool = new Pool(process.argv[2], { connections: 32 })
const headers = { authorization: `Bearer ${'x'.repeat(200)}`, 'accept-encoding': 'gzip' }

const request = (path) =>
  new Promise((resolve, reject) => {
    let chunks = []
    pool.dispatch(
      { method: 'GET', path, headers },
      {
        onRequestStart: () => (chunks = []),
        onResponseStart: () => undefined,
        onResponseData: (_, chunk) => chunks.push(chunk),
        onResponseEnd: () => resolve(JSON.parse(gunzipSync(Buffer.concat(chunks)).toString('utf8'))),
        onResponseError: (_, error) => reject(error),
      },
    )
  })

process.on('message', async ({ path, requests, burst, everyMs }) => {
  const before = process.cpuUsage()
  for (let sent = 0; sent < requests; sent += burst) {
    const pausing = pause(everyMs)
    await Promise.all(Array.from({ length: Math.min(burst, requests - sent) }, () => request(path)))
    await pausing
  }
  const { user, system } = process.cpuUsage(before)
  process.send({ cpuMs: (user + system) / 1000 })
})
process.send({ cpuMs: (process.cpuUsage().user + process.cpuUsage().system) / 1000 })
