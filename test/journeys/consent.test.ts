/** The consent on the sign-in page is binding: for more, the person is asked again; until then, what they agreed to continues. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { parseConsent } from '../../src/resources/consent.ts'
import { SignIn } from './support/sign-in.ts'
import { SCOPE, type World } from './support/world.ts'

const TITLE = 'Viewing, 12 Rue de la Paix'
const TEAM = 'team@group.calendar.google.com'

let world: World
let signIn: SignIn

const secret = { kind: 'Secret', name: 'alice-calendar', formats: ['JSON'] }
const widen = (spec: object) => world.objects.patch('Agent', 'alice', { spec })
const keys = async () => Object.keys((await world.objects.get('Secret', 'alice-calendar')).data ?? {}).sort()
const busyNow = async () => {
  const text = (await world.objects.secretText('alice-calendar'))['busy.json'] ?? '{"busy":[]}'
  return (JSON.parse(text) as { busy: unknown[] }).busy.length
}
const message = async (type = 'Authorized') =>
  (await world.agent('alice')).status?.conditions?.find((one) => one.type === type)?.message ?? ''

const addEvent = (hours: number, calendar = 'alice@example.com') =>
  world.google.addEvent({
    calendar,
    event: {
      summary: TITLE,
      start: { dateTime: world.inHours(hours) },
      end: { dateTime: world.inHours(hours + 1) },
    },
  })

/** Whether any object of the namespace contains the title. */
async function isTitleTold(): Promise<boolean> {
  const objects = [...(await world.objects.list('Secret')), ...(await world.objects.list('ConfigMap'))]
  const texts = objects.flatMap(({ data = {} }) => Object.values(data))
  return texts.some((text) => text.includes(TITLE) || Buffer.from(text, 'base64').toString().includes(TITLE))
}

beforeEach(async () => {
  signIn = await SignIn.open()
  world = signIn.world
  await widen({ publish: { calendar: { ...secret, detail: 'Busy' } } })
  await world.clock.advance(2_000)
  addEvent(2)
  await signIn.through()
  await world.untilReady('alice')
  world.addSecret((await signIn.grant()).refresh_token ?? '')
})

afterEach(() => world.stop())

describe('a person who agreed to busy time', () => {
  test('has that stored with the grant', async () => {
    const { consent = '' } = await signIn.grant()
    expect(parseConsent(consent)).toEqual({ detail: 'Busy', accessToken: false, write: false, calendars: ['primary'] })
  })

  test('is asked again before titles are published, and busy time is kept up to date meanwhile', async () => {
    await widen({ publish: { calendar: { ...secret, detail: 'Full' } } })
    const agent = await world.untilReason('alice', 'AwaitingSignIn')
    expect(agent.status?.conditions?.find(({ type }) => type === 'Reconciling')?.status).toBe('True')
    expect(agent.status?.authorization?.url).toBe(signIn.link)
    expect(await message()).toContain('spec.publish.calendar.detail')
    expect(await message()).toContain(signIn.link)
    addEvent(4)
    await world.until('the new event is published as busy', async () => (await busyNow()) === 2)
    expect(await keys()).toEqual(['busy.json'])
    expect(await isTitleTold()).toBe(false)
    world.addSecret((await signIn.grant()).access_token ?? '')
    await signIn.through()
    await world.untilReady('alice')
    await world.until('titles are published', isTitleTold)
    expect(parseConsent((await signIn.grant()).consent ?? '').detail).toBe('Full')
    world.addSecret((await signIn.grant()).refresh_token ?? '')
  })

  test('has the object of the former name kept up to date too, until they have answered', async () => {
    await widen({ publish: { calendar: { kind: 'ConfigMap', name: 'alice-calendar', detail: 'Busy' } } })
    await world.untilReady('alice')
    await world.until(
      'the Secret is gone',
      async () => (await world.objects.find('Secret', 'alice-calendar')) === undefined,
    )
    await widen({ publish: { calendar: { ...secret, detail: 'Full' } } })
    await world.untilReason('alice', 'AwaitingSignIn')
    addEvent(4)
    await world.until('the new event is published in both', async () => {
      return (await busyNow()) === 2 && (await world.busy('alice')).busy.length === 2
    })
    expect(await isTitleTold()).toBe(false)
    await signIn.through()
    await world.until('the former one is gone', async () => {
      return (await world.objects.find('ConfigMap', 'alice-calendar')) === undefined
    })
    world.addSecret((await signIn.grant()).refresh_token ?? '')
  })

  test('is asked again, also after a restart', async () => {
    await world.stopOperator()
    await widen({ publish: { calendar: { ...secret, detail: 'Full' }, accessToken: { name: 'alice-token' } } })
    await world.startOperator()
    await world.untilReason('alice', 'AwaitingSignIn')
    addEvent(4)
    await world.until('the new event is published as busy', async () => (await busyNow()) === 2)
    expect(await keys()).toEqual(['busy.json'])
    expect(await isTitleTold()).toBe(false)
    expect(await world.objects.find('Secret', 'alice-token')).toBeUndefined()
  })

  test('is asked again before an access token is published, and not when it is removed', async () => {
    await widen({ publish: { accessToken: { name: 'alice-token' } } })
    await world.untilReason('alice', 'AwaitingSignIn')
    expect(await message()).toContain('spec.publish.accessToken')
    expect(await world.objects.find('Secret', 'alice-token')).toBeUndefined()
    await widen({ publish: { accessToken: null } })
    await world.untilReady('alice')
  })

  test('is asked again before another calendar is read', async () => {
    world.google.addCalendar({ id: TEAM, owner: 'alice@example.com' })
    addEvent(6, TEAM)
    await widen({ calendars: { read: ['primary', TEAM] } })
    await world.untilReason('alice', 'AwaitingSignIn')
    expect(await message()).toContain(TEAM)
    world.google.resetRequests()
    await world.clock.advance(6 * 60_000)
    const paths = world.google.requests().log.map(({ path }) => path)
    expect(paths.some((path) => path.includes('alice'))).toBe(true)
    expect(paths.filter((path) => path.includes('team'))).toEqual([])
    expect(await busyNow()).toBe(1)
    await signIn.through()
    await world.until('it is published, too', async () => (await busyNow()) === 2)
    await world.untilReady('alice')
    world.addSecret((await signIn.grant()).refresh_token ?? '')
  })

  test('is asked for a missing scope first', async () => {
    await widen({ publish: { calendar: { ...secret, detail: 'Full' } } })
    await world.untilReason('alice', 'AwaitingSignIn')
    const scopes = ['https://www.googleapis.com/auth/calendar', 'https://www.googleapis.com/auth/tasks']
    await world.objects.patch('CalendarIntegration', 'google', { spec: { google: { scopes } } })
    await world.untilReason('alice', 'ScopeMissing')
    expect(await isTitleTold()).toBe(false)
  })

  test('is not asked if a token is supplied: the administrator is responsible for that', async () => {
    const client = (await world.integration()).status?.clientID ?? ''
    const { refreshToken } = world.google.grant({ client, account: 'alice@example.com', scopes: [SCOPE] })
    world.addSecret(refreshToken)
    await world.objects.secret('alice-grant', { refresh_token: refreshToken })
    await widen({
      grantSecretRef: { name: 'alice-grant' },
      publish: { calendar: { ...secret, detail: 'Full' } },
    })
    await world.until('titles are published', isTitleTold)
    await world.untilReady('alice')
    expect((await signIn.grant()).consent).toBeUndefined()
  })
})
