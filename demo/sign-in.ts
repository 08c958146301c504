/** A person signs in: the Agent's link, our page, Google's page, and back. */
import { Browser } from './browser.ts'
import { addressOf } from './seed.ts'
import { allReady, counts, expectThat, INTERVAL, showTable, SLACK, type DemoContext } from './expectations.ts'
import type { DemoEnvironment } from './environment.ts'
import type { Expectation } from './narrator.ts'

/** A step: a person without a refresh token signs in. */
export async function personSignsIn(context: DemoContext): Promise<void> {
  const { environment, narrator } = context
  narrator.heading('A person without a refresh token signs in with Google')
  narrator.command('kubectl apply -f demo/sign-in/dora.yaml')
  narrator.output(await environment.applyFile('demo/sign-in/dora.yaml'))
  const { value: link } = await narrator.until(linkOf(environment, 'dora'))
  narrator.command('node dist/main.js connect dora --no-wait')
  narrator.output([link])
  narrator.act('Dora opens the link, continues to Google, and agrees there.')
  const since = performance.now()
  await signIn(environment, link)
  const { seconds } = await narrator.until(allReady(context, ['dora']), since)
  narrator.happened(
    'Her grant is checked and stored, her calendar is read and published, and the link is gone.',
    seconds,
  )
  await narrator.until(counts(context, '4/4'))
  await showTable(context, 'agents/dora')
}

/** Expects the sign-in link of an Agent. */
export function linkOf(environment: DemoEnvironment, name: string): Expectation<string> {
  return {
    what: `Agent ${name} shows where to sign in`,
    within: INTERVAL + SLACK,
    look: () => environment.agent(name)?.authorization?.url,
    found: () => JSON.stringify(environment.agent(name) ?? 'no status'),
  }
}

/** What Dora does in her browser, and how Google answers. */
async function signIn({ google, seeded }: DemoEnvironment, link: string): Promise<void> {
  const browser = new Browser()
  const page = await browser.open(link)
  expectThat(page.status === 200, 'the sign-in page', `${page.status}`)
  const consent = await browser.submit(page, link)
  expectThat(consent.location?.startsWith(google.url) === true, 'a redirect to Google', shortly(consent))
  const agreed = google.signIn({ url: consent.location ?? '', account: addressOf('dora') })
  if (!('redirect' in agreed)) throw new Error(`Google did not send Dora back: ${JSON.stringify(agreed)}`)
  const back = await browser.open(agreed.redirect)
  expectThat(back.status === 303 && back.location !== undefined, 'a redirect to the page of the outcome', shortly(back))
  const outcome = await browser.open(back.location ?? '')
  expectThat(outcome.status === 200, 'the page of the outcome', shortly(outcome))
  seeded.confidential.push(...google.grants({ account: addressOf('dora') }).map(({ refreshToken }) => refreshToken))
}

const shortly = ({ status, location }: { status: number; location: string | undefined }): string =>
  `${status} ${location?.split('?')[0] ?? ''}`
