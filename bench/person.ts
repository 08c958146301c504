/** One person who signs in, as a browser does: over HTTP, at two replicas alternately, with Google in between. */
import { request, type Dispatcher } from 'undici'

/** What all people of a bench share. */
interface SignInDeps {
  /** The origins of the replicas, in the order in which this person uses them. */
  replicas: readonly [string, string]
  google: string
  /** The pool of connections, as many as people. */
  dispatcher: Dispatcher
}

/** Signs in, from the link to the last page. Returns the outcome. @throws Error if a step gets a wrong answer. */
export async function signIn({ replicas: [one, other], google, dispatcher }: SignInDeps, link: Link): Promise<string> {
  const path = new URL(link.url).pathname
  const page = await step('the page', 200, await request(`${one}${path}`, { dispatcher }))
  const cookie = String(page.headers['set-cookie']).split(';')[0] ?? ''
  const csrf = /name="csrf" value="([^"]*)"/.exec(page.text)?.[1] ?? ''
  const form = { 'content-type': 'application/x-www-form-urlencoded', origin: 'null', cookie }
  const posted = { method: 'POST', headers: form, body: new URLSearchParams({ csrf }).toString(), dispatcher } as const
  const consent = await step('the form', 303, await request(`${other}${path}`, posted))
  const body = JSON.stringify({ url: consent.headers.location, account: link.account })
  const person = { method: 'POST', body, dispatcher } as const
  const agreed = await step('Google', 200, await request(`${google}/_control/signIn`, person))
  const { pathname, search } = new URL((JSON.parse(agreed.text) as { redirect: string }).redirect)
  const back = await step(
    'the way back',
    303,
    await request(`${one}${pathname}${search}`, { headers: { cookie }, dispatcher }),
  )
  const location = String(back.headers.location)
  await step('the last page', 200, await request(`${other}${location}`, { headers: { cookie }, dispatcher }))
  return new URL(location, one).searchParams.get('outcome') ?? ''
}

interface Link {
  account: string
  url: string
}

interface Answer {
  headers: Dispatcher.ResponseData['headers']
  text: string
}

async function step(what: string, status: number, answer: Dispatcher.ResponseData): Promise<Answer> {
  const text = await answer.body.text()
  if (answer.statusCode !== status) throw new Error(`${what} was answered ${answer.statusCode}`)
  return { headers: answer.headers, text }
}
