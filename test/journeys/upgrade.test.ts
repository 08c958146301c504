/**
 * The first start after an upgrade from version 0.1.0, which had one label for all objects and stored no consent: nobody has to
 * sign in again, and no published object is lost.
 */
import { afterEach, describe, expect, test } from 'vitest'
import { parseConsent } from '../../src/resources/consent.ts'
import type { AgentSpec } from '../../src/resources/types.ts'
import type { Body } from '../contract/client.ts'
import { agentManifest, integrationManifest } from './support/manifests.ts'
import { SignIn } from './support/sign-in.ts'
import { startWorld, type World } from './support/world.ts'

const ROLE = 'app.kubernetes.io/component'
const AGENT = 'calendar-operator.io/agent'

let world: World

afterEach(() => world.stop())

const calendar: AgentSpec['publish']['calendar'] = {
  kind: 'Secret',
  name: 'alice-calendar',
  detail: 'Full',
  formats: ['JSON'],
}
const full = { publish: { calendar, accessToken: { name: 'alice-token' } } }
const busy = { publish: { calendar: { ...calendar, detail: 'Busy' } } }

/** Rewrites objects as 0.1.0 would have written them. */
async function asOf010(kind: string, name: string): Promise<void> {
  const patch = { metadata: { labels: { [ROLE]: null }, annotations: { [AGENT]: null } } }
  await world.objects.patch(kind, name, name.endsWith('-google-grant') ? { ...patch, data: { consent: null } } : patch)
}

/** Stops the operator of 0.1.0. Its objects stay. */
async function leave010(...objects: [string, string][]): Promise<void> {
  await world.stopOperator()
  for (const [kind, name] of objects) await asOf010(kind, name)
}

const marksOf = ({ metadata: { labels, annotations } }: Body): unknown[] => [labels?.[ROLE], annotations?.[AGENT]]

async function supplied(): Promise<void> {
  world = await startWorld()
  await world.addPerson('alice')
  await world.objects.apply(integrationManifest())
  await world.objects.apply(
    agentManifest('alice', { publish: { ...full.publish, calendar: { name: 'alice-calendar' } } }),
  )
  await world.untilReady('alice')
}

/** Signs Alice in on a page that shows this spec. */
async function signedIn(spec: Record<string, unknown>): Promise<void> {
  const signIn = await SignIn.open()
  world = signIn.world
  await world.objects.patch('Agent', 'alice', { spec })
  await world.clock.advance(2_000)
  await signIn.through()
  await world.untilReady('alice')
  world.addSecret((await signIn.grant()).refresh_token ?? '')
}

describe('objects of 0.1.0 with a supplied grant', () => {
  test('get role and annotation at first sight; data, owners and annotations stay, and no token is requested', async () => {
    await supplied()
    const names = [
      ['Secret', 'alice-google-grant', 'grant'],
      ['ConfigMap', 'alice-calendar', 'calendar'],
      ['Secret', 'alice-token', 'access-token'],
    ] as const
    await leave010(...names.map(([kind, name]): [string, string] => [kind, name]))
    const before = await Promise.all(names.map(([kind, name]) => world.objects.get(kind, name)))
    world.google.resetRequests()
    await world.startOperator()
    for (const [at, [kind, name, role]] of names.entries()) {
      const found = await world.until(`${name} is marked`, async () => {
        const object = await world.objects.get(kind, name)
        return marksOf(object)[0] !== undefined && object
      })
      expect(marksOf(found)).toEqual([role, 'alice'])
      expect(found.data).toEqual(before[at]?.data)
      expect(found.metadata.ownerReferences).toEqual(before[at]?.metadata.ownerReferences)
      expect(found.metadata.annotations).toMatchObject(before[at]?.metadata.annotations ?? {})
      expect(found.metadata.uid).toBe(before[at]?.metadata.uid)
    }
    await world.untilReady('alice')
    const asked = world.google.requests({ account: 'alice@example.com' }).log.map(({ kind }) => kind)
    expect(asked).toEqual(['events.list'])
  })

  test('are adopted without a controller if only this Agent names them', async () => {
    await supplied()
    await leave010(['ConfigMap', 'alice-calendar'])
    await world.objects.patch('ConfigMap', 'alice-calendar', { metadata: { ownerReferences: null } })
    await world.startOperator()
    await world.until('it has its owner again', async () => {
      const { metadata } = await world.objects.get('ConfigMap', 'alice-calendar')
      return JSON.stringify(metadata.ownerReferences ?? []).includes('"alice"')
    })
    await world.untilReady('alice')
  })

  test('that an Agent of 0.1.0 had taken over belong to nobody until the reference is removed', async () => {
    await supplied()
    await leave010(['Secret', 'alice-google-grant'])
    await world.objects.apply(agentManifest('bob', { suspend: true }))
    const { metadata } = await world.objects.get('Agent', 'bob')
    const { apiVersion, kind } = agentManifest('bob')
    const ownerReferences = [{ apiVersion, kind, name: 'bob', uid: metadata.uid, controller: true }]
    await world.objects.patch('Secret', 'alice-google-grant', { metadata: { ownerReferences } })
    const before = await world.objects.get('Secret', 'alice-google-grant')
    await world.startOperator()
    const agent = await world.untilReason('alice', 'GrantConflict')
    const message = agent.status?.conditions?.find(({ type }) => type === 'Ready')?.message
    expect(message).toContain('remove its owner reference to Agent bob before')
    expect(await world.objects.get('Secret', 'alice-google-grant')).toEqual(before)
    await world.objects.patch('Secret', 'alice-google-grant', { metadata: { ownerReferences: null } })
    await world.untilReady('alice')
    expect(marksOf(await world.objects.get('Secret', 'alice-google-grant'))).toEqual(['grant', 'alice'])
  })
})

describe('a grant that was given on a page of 0.1.0', () => {
  const noteOf = async () => parseConsent((await world.objects.secretText('alice-google-grant')).consent ?? '')

  const noted = () =>
    world.until('the note is written', async () => {
      return (await world.objects.secretText('alice-google-grant')).consent !== undefined
    })

  test('covers what is published: titles and an access token', async () => {
    await signedIn(full)
    await leave010(['Secret', 'alice-google-grant'], ['Secret', 'alice-calendar'], ['Secret', 'alice-token'])
    const data = (await world.objects.get('Secret', 'alice-calendar')).data
    await world.startOperator()
    await noted()
    expect(await noteOf()).toEqual({ detail: 'Full', accessToken: true, write: false, calendars: ['primary'] })
    await world.clock.advance(2_000)
    await world.untilReady('alice')
    expect(Object.keys((await world.objects.get('Secret', 'alice-calendar')).data ?? {})).toEqual(
      Object.keys(data ?? {}),
    )
    expect((await world.objects.secretText('alice-token')).access_token).toBeDefined()
  })

  test('covers no more than what is published, whatever the spec says now', async () => {
    await signedIn(busy)
    await leave010(['Secret', 'alice-google-grant'], ['Secret', 'alice-calendar'])
    await world.objects.patch('Agent', 'alice', { spec: full })
    await world.startOperator()
    await noted()
    expect(await noteOf()).toEqual({ detail: 'Busy', accessToken: false, write: false, calendars: ['primary'] })
    const agent = await world.untilReason('alice', 'AwaitingSignIn')
    expect(agent.status?.authorization?.url).toContain('/google-calendar/sign-in/')
    expect(Object.keys((await world.objects.get('Secret', 'alice-calendar')).data ?? {})).toEqual(['busy.json'])
    expect(await world.objects.find('Secret', 'alice-token')).toBeUndefined()
  })
})
