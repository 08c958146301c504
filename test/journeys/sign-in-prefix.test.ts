/**
 * Sign-in behind a reverse proxy: it terminates TLS, forwards one path of the host to the operator and the rest to the site, and
 * sets its own host name and headers.
 */
import { once } from 'node:events'
import { createServer, request as httpRequest, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { heading, SITE } from './support/browser.ts'
import { SignIn, type SignInOptions } from './support/sign-in.ts'
import type { World } from './support/world.ts'

let world: World
let proxy: Server

afterEach(async () => {
  proxy.close()
  await world.stop()
})

/** Forwards requests below `path` to the operator unchanged, and all others to the site. */
async function startProxy(path: string): Promise<number> {
  proxy = createServer((incoming, outgoing) => {
    if (!incoming.url?.startsWith(path)) return void outgoing.writeHead(200).end('the site itself')
    const headers = { ...incoming.headers, host: 'operator.internal', 'x-forwarded-proto': 'https' }
    const port = world.operator.webPort ?? 0
    const onward = httpRequest({ port, host: '127.0.0.1', path: incoming.url, method: incoming.method, headers })
    onward.on('response', (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(outgoing)
    })
    incoming.pipe(onward)
  })
  proxy.listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  return (proxy.address() as AddressInfo).port
}

async function open(path: string, options: SignInOptions): Promise<SignIn> {
  const signIn = await SignIn.open(options)
  ;({ world } = signIn)
  signIn.browser.port = await startProxy(path)
  return signIn
}

describe.each([
  ['the usual path', '/google-calendar', {}],
  [
    'a path below the one that the site has',
    '/booking/google-calendar',
    { 'web-path-prefix': '/booking/google-calendar' },
  ],
])('behind a proxy, under %s', (_, prefix, flags) => {
  const callback = `${SITE}${prefix}/callback`

  test('a person is connected by a redirect, and every address stays below the prefix', async () => {
    const signIn = await open(`${prefix}/`, { redirectUris: [callback], flags })
    const { browser, link } = signIn
    expect(link).toMatch(new RegExp(`^${SITE}${prefix}/sign-in/[\\w-]{43}$`))
    const { status } = await world.integration()
    expect(status?.signIn).toEqual({ mode: 'Redirect', redirectURI: callback, javascriptOrigin: SITE })
    const page = await browser.send('GET', link)
    const ours = [...page.text.matchAll(/(?:src|href|action)="(\/[^"]+)"/g)].map(([, path = '']) => path)
    expect(ours.length).toBeGreaterThan(2)
    for (const path of ours) {
      expect(path.startsWith(`${prefix}/`)).toBe(true)
      expect((await browser.send('GET', path)).status).toBe(200)
    }
    expect(new URL(await signIn.consent()).searchParams.get('redirect_uri')).toBe(callback)
    const last = await signIn.through()
    expect(heading(last)).toContain('connected')
    await world.untilReady('alice')
  })

  test('a person is connected by the popup', async () => {
    const signIn = await open(`${prefix}/`, { redirectUris: [], flags })
    const { location } = JSON.parse((await signIn.browser.json(`${signIn.link}/code`, await signIn.popup())).text) as {
      location: string
    }
    expect(location.startsWith(`${prefix}/sign-in/`)).toBe(true)
    expect(heading(await signIn.browser.send('GET', location))).toContain('connected')
    await world.untilReady('alice')
  })
})

test('addresses outside of the prefix get 404 without a link', async () => {
  const signIn = await open('/', { redirectUris: [], flags: { 'web-path-prefix': '/booking/google-calendar' } })
  for (const path of [
    new URL(signIn.link).pathname.replace('/booking', ''),
    '/google-calendar/callback?state=x',
    '/',
  ]) {
    const { status, text } = await signIn.browser.send('GET', path)
    expect(status).toBe(404)
    expect(text).not.toContain('"/google-calendar/')
  }
})
