/** What becomes of a grant that release 0.1.0 has stored: it gets the marks of today, and a record of what was consented to. */
import { beforeEach, describe, expect, test } from 'vitest'
import { ApiError } from '../../src/kubernetes/port.ts'
import { parseConsent } from '../../src/resources/consent.ts'
import { MANAGED_BY, SIGNED_IN_BY, SUPPLIED_TOKEN_HASH } from '../../src/resources/names.ts'
import { marksOf, withController } from '../../src/resources/ownership.ts'
import { Bench, CLIENT } from '../support/agent-bench.ts'
import { anAgent } from '../support/resources.ts'

const OWN = 'alice-google-grant'

let bench: Bench

const stored = { refresh_token: '1//0gAlice', account: 'alice@example.com', client_id: CLIENT }
const of010 = { labels: MANAGED_BY, annotations: { [SIGNED_IN_BY]: 'x' } }
const own = () => bench.small.get('Secret', OWN)

describe('a grant of 0.1.0', () => {
  const calendar = { kind: 'Secret', name: 'alice-calendar', detail: 'Full', formats: ['JSON'] } as const
  const publish = { staleAfter: '15m', whenStale: 'KeepLast', calendar, accessToken: { name: 'alice-token' } } as const
  const wide = anAgent({
    grantSecretRef: undefined,
    publish: { ...publish, calendar: { ...calendar, formats: ['JSON'] } },
  })
  const byAlice = withController([], wide)

  const noteAfter = async () => {
    await bench.gain()
    return parseConsent(bench.small.text(OWN).consent ?? '')
  }

  beforeEach(() => {
    bench = new Bench(wide)
    bench.small.secret(OWN, stored, of010)
  })

  test('gets its labels and a record of the consent, which follows from what is published, before Google is asked', async () => {
    bench.small.secret(
      'alice-calendar',
      { 'busy.json': '', 'events.json': '' },
      { labels: MANAGED_BY, ownerReferences: byAlice },
    )
    bench.small.secret('alice-token', { access_token: 'x' }, { labels: MANAGED_BY, ownerReferences: byAlice })
    bench.refuses = { refresh: 'Unreachable' }
    expect(await noteAfter()).toEqual({ detail: 'Full', accessToken: true, write: false, calendars: ['primary'] })
    expect(own()?.metadata).toMatchObject(marksOf(wide, 'grant'))
    expect(own()?.metadata.annotations?.[SIGNED_IN_BY]).toBe('x')
  })

  test('was given for busy time if nothing else is published', async () => {
    expect(await noteAfter()).toEqual({ detail: 'Busy', accessToken: false, write: false, calendars: ['primary'] })
  })

  test('was given for what this Agent alone names, though the owner reference is lost', async () => {
    bench.small.secret('alice-calendar', { 'busy.json': '', 'events.json': '' }, { labels: MANAGED_BY })
    bench.small.secret('alice-token', { access_token: 'x' }, { labels: MANAGED_BY })
    expect(await noteAfter()).toMatchObject({ detail: 'Full', accessToken: true })
  })

  test('was not given for what another Agent names, too', async () => {
    bench.small.agents = [wide, anAgent({ publish: wide.spec.publish }, 'bob')]
    bench.small.secret('alice-calendar', { 'events.json': '' }, { labels: MANAGED_BY })
    bench.small.secret('alice-token', { access_token: 'x' }, { labels: MANAGED_BY })
    expect(await noteAfter()).toMatchObject({ detail: 'Busy', accessToken: false })
  })

  test('was not given for a Secret that has the name of a published ConfigMap', async () => {
    bench.agent = anAgent({
      grantSecretRef: undefined,
      publish: {
        ...publish,
        accessToken: undefined,
        calendar: { ...calendar, kind: 'ConfigMap', detail: 'Busy', formats: [] },
      },
    })
    bench.small.agents = [bench.agent]
    bench.small.secret('alice-calendar', { 'events.json': '', access_token: 'x' }, { labels: MANAGED_BY })
    expect(await noteAfter()).toMatchObject({ detail: 'Busy', accessToken: false })
  })

  test('was given for busy time if the Agent publishes nothing', async () => {
    bench.agent = anAgent({ grantSecretRef: undefined, publish: { staleAfter: '15m', whenStale: 'KeepLast' } })
    bench.small.agents = [bench.agent]
    expect(await noteAfter()).toMatchObject({ detail: 'Busy', accessToken: false })
  })

  test('was given for busy time if what was published is deleted before it can be read', async () => {
    bench.small.secret('alice-calendar', { 'events.json': '' }, { labels: MANAGED_BY, ownerReferences: byAlice })
    bench.small.refuseRead = (name) => (
      name === 'alice-calendar' && bench.small.objects.delete('Secret/booking/alice-calendar'),
      undefined
    )
    expect(await noteAfter()).toMatchObject({ detail: 'Busy', accessToken: false })
  })

  test('was not given for objects of another Agent or of somebody else', async () => {
    const byBob = withController([], anAgent({}, 'bob'))
    bench.small.secret('alice-calendar', { 'events.json': '' }, { labels: MANAGED_BY, ownerReferences: byBob })
    bench.small.secret('alice-token', { access_token: 'x' }, {})
    expect(await noteAfter()).toMatchObject({ detail: 'Busy', accessToken: false })
  })

  test('that was supplied gets no record of consent', async () => {
    bench.small.secret(OWN, stored, {
      labels: MANAGED_BY,
      annotations: { [SIGNED_IN_BY]: 'x', [SUPPLIED_TOKEN_HASH]: 'y' },
    })
    await bench.gain()
    expect(bench.small.text(OWN).consent).toBeUndefined()
    expect(own()?.metadata).toMatchObject(marksOf(wide, 'grant'))
  })

  test('that cannot be written limits what is published nevertheless', async () => {
    bench.small.refuse = () => new ApiError('Forbidden', 'no')
    await bench.gain()
    expect(bench.known.grant?.consent).toMatchObject({ detail: 'Busy', accessToken: false })
    expect(bench.known.unsaved).toMatchObject({ reason: 'PublishFailed' })
  })
})
