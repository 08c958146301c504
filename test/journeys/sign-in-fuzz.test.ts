/** Arbitrary requests to every route never cause an internal error, change nothing, and send nothing to Google. */
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { request } from 'undici'
import { csrfIn } from './support/browser.ts'
import { SignIn } from './support/sign-in.ts'
import { limitMs, type World } from './support/world.ts'

const RUNS = 400

let signIn: SignIn
let world: World
/** Real values that may be put into wrong places: link tags, states, tokens. */
let found: string[]
let cookie: string

beforeAll(async () => {
  signIn = await SignIn.open()
  ;({ world } = signIn)
  // Waits until everything that a new Agent causes has been written.
  await world.clock.advance(5_000)
  const page = await signIn.browser.send('GET', signIn.link)
  const state = new URL(await signIn.consent()).searchParams.get('state') ?? ''
  const tag = signIn.link.split('/').at(-1) ?? ''
  found = [tag, state, csrfIn(page), state.slice(0, -1), tag.slice(0, -1), `${tag}/`]
  cookie = signIn.browser.cookie ?? ''
})

afterAll(() => world.stop())

const METHODS = ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS'] as const
const TYPES = ['application/json', 'application/x-www-form-urlencoded', 'text/plain', 'multipart/form-data', '']
const NAMES = ['state', 'code', 'error', 'csrf', 'outcome', 'at', 'proof', '__proto__', 'constructor']
const ENDS = ['', '/attempt', '/code', '/../callback', '//', '/%2e%2e/', '?', '/%ff', '/%']

const piece = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.nat({ max: 5 }).map((one) => `\u0000${one}`),
)
const fields = fc.dictionary(fc.constantFrom(...NAMES), fc.oneof(piece, fc.jsonValue()), { maxKeys: 4 })

const anything = fc.record({
  method: fc.constantFrom(...METHODS),
  start: fc.constantFrom('/google-calendar/sign-in/', '/google-calendar/callback', '/google-calendar/assets/', '/'),
  piece,
  end: fc.constantFrom(...ENDS),
  query: fields,
  body: fc.oneof(
    fields.map((one) => JSON.stringify(one)),
    fc.string({ maxLength: 200 }),
    fc.constant('x'.repeat(9_000)),
  ),
  type: fc.constantFrom(...TYPES),
  own: fc.boolean(),
  cookie: fc.oneof(fc.constant(''), fc.string({ unit: 'grapheme-ascii' })),
})

type Anything = typeof anything extends fc.Arbitrary<infer One> ? One : never

/** A placeholder is replaced by a real value, which is known only once the test environment has started. */
const real = (text: string): string => (/^\u0000\d$/.test(text) ? (found[Number(text.slice(1))] ?? '') : text)

/** No code is real, because Google was never asked. A denial would be a valid answer, so `error` is not sent with a real state. */
function addressOf({ start, piece, end, query }: Anything): string {
  const entries = Object.entries(query).map(([name, value]) => [name, real(typeof value === 'string' ? value : '1')])
  const search = new URLSearchParams(entries.filter(([name]) => name !== 'error') as [string, string][]).toString()
  const path = start.endsWith('/')
    ? `${start}${encodeURIComponent(Buffer.from(real(piece)).toString())}${end}`
    : `${start}${end}`
  return `${path}${path.includes('?') ? '&' : '?'}${search}`
}

const headersOf = ({ type, own, cookie: other }: Anything): Record<string, string> => ({
  ...(type && { 'content-type': type }),
  cookie: own ? cookie : `__Host-calendar-operator=${other.replace(/[^\x20-\x7e]/g, '')}`,
})

async function everything(): Promise<unknown> {
  const kinds = ['Secret', 'ConfigMap', 'Agent', 'CalendarIntegration']
  const lists = await Promise.all(kinds.map((kind) => world.objects.list(kind)))
  return lists.flat().map(({ kind, metadata }) => [kind, metadata.name, metadata.resourceVersion])
}

test(
  'no request breaks or changes anything',
  async () => {
    const before = await everything()
    world.google.resetRequests()
    const seen = new Set<number>()
    const property = fc.asyncProperty(anything, async (one) => {
      const hasBody = !['GET', 'HEAD'].includes(one.method)
      const { statusCode, headers, body } = await request(
        `http://127.0.0.1:${world.operator.webPort ?? 0}${addressOf(one)}`,
        { method: one.method, headers: headersOf(one), body: hasBody ? one.body : undefined },
      )
      await body.dump()
      seen.add(statusCode)
      expect(statusCode).toBeLessThan(500)
      expect(headers['content-security-policy']).toContain("default-src 'none'")
      expect(headers['access-control-allow-origin']).toBeUndefined()
    })
    await fc.assert(property, { seed: 42, numRuns: RUNS })
    expect(await everything()).toEqual(before)
    expect(signIn.exchanges).toBe(0)
    // The requests reached pages, refusals, and the limit on mistakes.
    for (const status of [200, 400, 404, 429]) expect([...seen]).toContain(status)
  },
  limitMs(60_000),
)
