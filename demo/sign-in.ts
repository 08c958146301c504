/** Somebody signs in: the link of an Agent, our page, Google's page, and back. */
import { Browser } from './browser.ts'
import { addressOf } from './people.ts'
import { allReady, counts, expectThat, INTERVAL, showTable, SLACK, type Scene } from './scene.ts'
import type { Stage } from './stage.ts'
import type { Expectation } from './teller.ts'

export async function personSignsIn(scene: Scene): Promise<void> {
  const { stage, teller } = scene
  teller.heading('Who has brought no token signs in with Google')
  teller.command('kubectl apply -f demo/sign-in/dora.yaml')
  teller.output(await stage.applyFile('demo/sign-in/dora.yaml'))
  const { value: link } = await teller.until(linkOf(stage, 'dora'))
  teller.command('node dist/main.js connect dora --no-wait')
  teller.output([link])
  teller.act('Dora opens the link, which leads her to Google, and agrees there.')
  const since = performance.now()
  await signIn(stage, link)
  const { seconds } = await teller.until(allReady(scene, ['dora']), since)
  teller.happened('Her grant is checked and kept, her calendar read and published; the link is gone.', seconds)
  await teller.until(counts(scene, '4/4'))
  await showTable(scene, 'agents/dora')
}

export function linkOf(stage: Stage, name: string): Expectation<string> {
  return {
    what: `Agent ${name} shows where to sign in`,
    within: INTERVAL + SLACK,
    look: () => stage.agent(name)?.authorization?.url,
    found: () => JSON.stringify(stage.agent(name) ?? 'no status'),
  }
}

/** What Dora does in her browser, and what Google answers to it. */
async function signIn({ google, furnished }: Stage, link: string): Promise<void> {
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
  furnished.confidential.push(...google.grants({ account: addressOf('dora') }).map(({ refreshToken }) => refreshToken))
}

const shortly = ({ status, location }: { status: number; location: string | undefined }): string =>
  `${status} ${location?.split('?')[0] ?? ''}`
