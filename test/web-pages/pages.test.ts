import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createPages, languages, negotiate } from '../../src/web/pages/pages.ts'
import { everyPage, OUTCOMES, PAGES, POPUP, VIEW } from './views.ts'
import { runs } from '../support/runs.ts'

const english = negotiate('en')
const german = negotiate('de')

const pages = languages.flatMap((language) =>
  Object.entries(everyPage(language)).map(([name, page]) => ({ name: `${language.tag} ${name}`, language, page })),
)

describe('every page', () => {
  test.each(pages)('$name is a whole document that says its language', ({ page, language }) => {
    expect(page).toMatch(/^<!doctype html>\n<html lang="/)
    expect(page).toContain(`<html lang="${language.tag}" dir="${language.direction}">`)
    expect(page.trimEnd()).toMatch(/<\/html>$/)
    expect(page.match(/<h1>/g)).toHaveLength(1)
    expect(page.match(/<main>/g)).toHaveLength(1)
    expect(/<title>([^<]+)<\/title>/.exec(page)?.[1]?.trim()).not.toBe('')
  })

  test.each(pages)('$name holds no script, style or handler of its own', ({ page }) => {
    expect(page).not.toMatch(/<style|\sstyle=|\son[a-z]+=|javascript:/i)
    for (const [script, body] of page.matchAll(/<script[^>]*>([^]*?)<\/script>/g)) {
      expect(body, script).toBe('')
      expect(script).toContain(' src="')
    }
  })

  test.each(pages)('$name shows no address in full and leaves nothing to be filled in', ({ page }) => {
    expect(page).not.toContain('alice@')
    expect(page).not.toContain('team-rota@')
    expect(page).not.toMatch(/\{\w+\}|undefined|\[object/)
  })

  test.each(pages)('$name refers to nothing that is not there', ({ page }) => {
    const ours = [...page.matchAll(/(?:src|href)="(\/google-calendar\/assets\/[^"]+)"/g)].map((match) => match[1])
    expect(ours.length).toBeGreaterThan(1)
    expect(PAGES.assets.map(({ path }) => path)).toEqual(expect.arrayContaining(ours))
    const theirs = [...page.matchAll(/(?:src|href)="(https?:[^"]+)"/g)].map((match) => match[1])
    const known = ['https://myaccount.google.com/permissions', 'https://accounts.google.com/gsi/client']
    expect(theirs.filter((address) => !known.includes(address ?? ''))).toEqual([])
  })
})

describe('the sign-in page', () => {
  test('escapes what others wrote, wherever it occurs', () => {
    const evil = `"><script>alert(1)</script>'&`
    const page = PAGES.signIn(
      { ...POPUP, agentName: evil, siteHost: evil, account: evil, action: evil, csrf: evil, scopes: [evil] },
      english,
    )
    expect(page).not.toContain('<script>')
    expect(page).not.toContain(evil)
    expect(page).toContain('&lt;script&gt;alert(1)')
  })

  test('is built alike whatever others wrote', () => {
    const built = (page: string): string[] => page.match(/<[^>]*>/g)?.map((tag) => tag.replace(/"[^"]*"/g, '')) ?? []
    const harmless = built(PAGES.signIn(POPUP, english))
    const hostile = fc.string({
      unit: fc.constantFrom('<', '>', '"', "'", '&', '{site}', '@', '`', 'a', '/', '=', ' '),
    })
    fc.assert(
      fc.property(hostile, hostile, hostile, (agentName, siteHost, account) => {
        const page = PAGES.signIn(
          { ...POPUP, agentName, siteHost, account, action: agentName, csrf: siteHost },
          english,
        )
        expect(built(page)).toEqual(harmless)
      }),
      { seed: 11, numRuns: runs(300) },
    )
  })

  test('shortens an address that is used as a name', () => {
    const page = PAGES.signIn({ ...VIEW, agentName: 'Alice <alice@example.com>' }, english)
    expect(page).toContain('<bdi>Alice &lt;a…e@example.com&gt;</bdi>')
  })

  test('names the site and the namespace that ask', () => {
    expect(PAGES.signIn(VIEW, english)).toContain('<bdi>booking.example.com</bdi> (namespace <bdi>booking</bdi>)')
  })

  test.each([
    ['what turns the direction of writing', 'Al\u202eice\u2066', 'Al\ufffdice\ufffd'],
    ['orders to a terminal', 'Al\u001b[31mice', 'Al\ufffd[31mice'],
    ['a new line', 'Al\nice', 'Al ice'],
  ])('shows %s as a sign', (_, name, shown) => {
    const calendars = [{ kind: 'other', id: `${name}@example.com` }] as const
    const page = PAGES.signIn({ ...VIEW, agentName: name, account: `${name}@example.com`, calendars }, english)
    expect(page).toContain(`<bdi>${shown}</bdi>`)

    expect(page).not.toMatch(/[\u001b\u202e\u2066]/)
  })

  test('cuts what is too long to be read', () => {
    const long = 'x'.repeat(5_000)
    const calendars = [{ kind: 'other', id: `a@${long}` }] as const
    const page = PAGES.signIn({ ...VIEW, agentName: long, account: `a@${long}`, calendars, scopes: [long] }, english)
    expect(page).not.toContain('x'.repeat(101))
  })

  test('says what is new if the person agreed to less before', () => {
    const added = ['detail', 'accessToken', 'write', { calendar: { kind: 'other', id: 'team@example.com' } }] as const
    const page = PAGES.signIn({ ...VIEW, added }, english)
    expect(page).toContain('New since you last agreed')
    expect(page).toContain('One more calendar: <bdi>t…m@example.com</bdi>')
    expect(page.match(/<section class="added">.*?<\/section>/s)?.[0].match(/<li>/g)).toHaveLength(4)
    expect(PAGES.signIn(VIEW, english)).not.toContain('New since you last agreed')
  })

  test('says what is written, where, and in whose name, and nothing of it where nothing is', () => {
    const page = PAGES.signIn({ ...VIEW, writes: { kind: 'other', id: 'team@example.com' } }, english)
    expect(page).toContain('booked with <bdi>booking.example.com</bdi>, to this calendar: <bdi>t…m@example.com</bdi>.')
    expect(page).toContain('Google sends invitations and changes to the guests of these appointments in your name.')
    expect(page).toContain('no other event is changed')
    expect(page).toContain('It also lets appointments be written to it.')
    expect(page).toContain('guests of other events than these appointments. They are not even asked for.')
    expect(page).toContain('whether they were moved or cancelled, and what their guests answered')
    expect(page).not.toContain('your calendars are only read')
    const reading = PAGES.signIn(VIEW, english)
    expect(reading).toContain('your calendars are only read')
    for (const words of ['these appointments', 'in your name', 'What is written', 'be written'])
      expect(reading).not.toContain(words)
  })

  test('posts a form that needs no script where Google redirects', () => {
    const page = PAGES.signIn(VIEW, english)
    expect(page).toContain('<form class="sign-in" method="post" action="/google-calendar/sign-in/tag">')
    expect(page).toContain('<input type="hidden" name="csrf" value="csrf-token">')
    expect(page).toMatch(/<button class="google" type="submit">.*Sign in with Google/)
    expect(page).not.toContain('<script')
  })

  test('loads Google’s script and ours for a popup, and says so where scripts are off', () => {
    const page = PAGES.signIn(POPUP, english)
    expect(page).toMatch(/<script defer src="\/google-calendar\/assets\/popup-[0-9a-f]{16}\.js"><\/script>/)
    expect(page).toContain('<script async src="https://accounts.google.com/gsi/client"></script>')
    expect(page).toMatch(/<noscript><p><strong>On this site, signing in with Google needs JavaScript/)
    expect(page).not.toContain('<form')
  })

  test('tells that titles are not read where only busy times are published', () => {
    const page = PAGES.signIn(VIEW, english)
    expect(page).toContain('They are not even asked for.')
    expect(page).toContain('see when you are busy, and nothing else.')
  })

  test('tells that titles are read where everything is published', () => {
    const page = PAGES.signIn({ ...VIEW, publishes: { detail: 'Full', accessToken: false } }, english)
    expect(page).toContain('their titles, descriptions, places and guests')
    expect(page).not.toContain('What is not read')
  })

  test('tells that programs get access of their own, and then promises no mere reading', () => {
    const page = PAGES.signIn({ ...VIEW, publishes: { accessToken: true } }, english)
    expect(page).toContain('also get access to Google for themselves')
    expect(page).not.toContain('your calendars are only read')
  })

  test('names scopes that it has no words for', () => {
    const page = PAGES.signIn({ ...VIEW, scopes: ['https://www.googleapis.com/auth/calendar.acls'] }, english)
    expect(page).toContain('<li>calendar.acls</li>')
  })
})

describe('an outcome', () => {
  test.each(OUTCOMES)('%s offers the button again unless nothing is left to do', (outcome) => {
    const page = PAGES.signIn({ ...VIEW, outcome }, english)
    expect(page.includes('<button')).toBe(!['connected', 'suspended', 'not-needed'].includes(outcome))
    expect(page).toContain(`<h1>${english.texts.outcomes[outcome].title}</h1>`)
  })

  test('of the wrong account says which one was expected', () => {
    const page = PAGES.signIn({ ...VIEW, outcome: 'wrong-account' }, english)
    expect(page).toContain('This link is for <strong><bdi>a…e@example.com</bdi></strong>.')
  })

  test('of a missing permission says which boxes to tick', () => {
    const page = PAGES.signIn({ ...VIEW, outcome: 'scope-missing' }, english)
    expect(page.match(/See, edit, share and permanently delete/g)).toHaveLength(2)
  })

  test('without a lasting permission leads to where it is removed', () => {
    const page = PAGES.signIn({ ...VIEW, outcome: 'no-refresh-token' }, english)
    expect(page).toContain('under <a href="https://myaccount.google.com/permissions" rel="noopener noreferrer">')
  })

  test('says until when it lasts, in the page’s language and in UTC', () => {
    const view = { ...VIEW, outcome: 'connected', expiresAt: '2026-11-30T10:00:00Z' } as const
    expect(PAGES.signIn(view, german)).toContain('>30. November 2026 um 10:00 UTC</time>')
    expect(PAGES.signIn(view, english)).toMatch(/>November 30, 2026 at 10:00\sAM UTC<\/time>/)
  })
})

test('a page refers to its files under the prefix that it was made for', () => {
  const page = createPages('/booking/google-calendar').signIn(POPUP, english)
  expect(page).toMatch(/href="\/booking\/google-calendar\/assets\/style-/)
  expect(page).not.toMatch(/="\/google-calendar\/assets\//)
})

describe('above the button', () => {
  const aboveButton = (page: string): string => page.slice(0, page.indexOf('<button'))

  test('are who asks and the account that is expected', () => {
    const above = aboveButton(PAGES.signIn(VIEW, english))
    expect(above).toContain('<strong><bdi>booking.example.com</bdi></strong>')
    expect(above).toContain('<strong><bdi>a…e@example.com</bdi></strong>')
    expect(above).not.toContain('<dl>')
  })

  test('is that appointments are written and invitations sent, once, if they are', () => {
    for (const added of [[], ['write']] as const) {
      const above = aboveButton(PAGES.signIn({ ...VIEW, writes: { kind: 'primary' }, added }, english))
      expect(above.match(/written to your calendar, and invitations to them are sent in your name/g)).toHaveLength(1)
    }
  })

  test('is an access token, once, if one is requested', () => {
    const publishes = { detail: 'Busy', accessToken: true } as const
    for (const added of [[], ['accessToken']] as const) {
      const above = aboveButton(PAGES.signIn({ ...VIEW, publishes, added }, english))
      expect(above.match(/get access to Google for themselves/g)).toHaveLength(1)
    }
  })
})

test('the page for links that are not valid depends on nothing but the language', () => {
  expect(PAGES.notFound(english)).toBe(PAGES.notFound(negotiate(undefined)))
  expect(PAGES.notFound(english)).not.toBe(PAGES.notFound(german))
})
