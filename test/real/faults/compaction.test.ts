/**
 * An operator that is cut off while etcd compacts the versions of its watches: each watch gets 410, lists again, and continues. The
 * watch cache is off, so that etcd's compaction ends them.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Proxy } from './support/proxy.ts'
import { userOf, type Replica } from './support/replica.ts'
import { Harness } from './support/harness.ts'
import type { NamespaceFixture } from './support/namespace-fixture.ts'
import { until } from './support/until.ts'

const AGENTS = '/apis/calendar-operator.io/v1alpha1/agents'
const PEOPLE = ['alice', 'carol', 'dora', 'emil']
const STAYING = ['alice', 'dora', 'emil']
/** The resources that the operator must watch. */
const KINDS = ['Agent', 'Booking', 'CalendarIntegration', 'ConfigMap', 'Secret']

let harness: Harness
let fixture: NamespaceFixture
let proxy: Proxy
let operator: Replica

beforeAll(async () => {
  harness = await Harness.start({ watchCache: false })
  fixture = await harness.namespace('booking')
  for (const name of PEOPLE) await fixture.addPerson(name, { deletionPolicy: name === 'carol' ? 'Revoke' : 'Retain' })
  proxy = await Proxy.before(harness.kubernetes.url)
  const kubeconfig = proxy.kubeconfig(await harness.kubernetes.kubeconfig(userOf('operator')))
  operator = await harness.replica('operator', { kubeconfig })
  await fixture.untilReady(...PEOPLE)
  await fixture.untilStill()
})
afterAll(async () => {
  await harness.stop()
  await proxy.close()
})

/** The first event of a watch from this version. */
async function answerTo(version: string): Promise<{ type: string; code?: number } | undefined> {
  const watch = await harness.admin.watch(`${AGENTS}?watch=true&resourceVersion=${version}`)
  const event = await watch.next()
  watch.close()
  return event && { type: event.type, code: event.object.code }
}

async function goOn(): Promise<void> {
  await fixture.objects.patch('Agent', 'alice', { spec: { publish: { calendar: { formats: ['JSON', 'ICalendar'] } } } })
  await fixture.addPerson('bob')
  await fixture.objects.delete('Agent', 'carol')
  await fixture.objects.delete('ConfigMap', 'dora-calendar')
  // Emil consents once more, and his earlier grant ends.
  harness.google.revoke({ account: fixture.account('emil') })
  await fixture.bringGrant('emil')
  fixture.addEvent('emil', 1)
  await fixture.objects.patch('CalendarIntegration', 'google', { spec: { sync: { window: { futureDays: 30 } } } })
}

const untilAllArrived = (): Promise<true> =>
  until('all of it has arrived', async () => {
    await fixture.objects.get('ConfigMap', 'dora-calendar')
    const { metadata, status } = await fixture.objects.get('CalendarIntegration', 'google')
    return (
      (await fixture.objects.find('Agent', 'carol')) === undefined &&
      (await fixture.objects.get('ConfigMap', 'alice-calendar')).data?.['busy.ics'] !== undefined &&
      (await fixture.busy('emil')).length === 1 &&
      (status as { observedGeneration?: number } | undefined)?.observedGeneration === metadata.generation
    )
  })

/** The kinds whose watch got 410. */
const expired = (): string[] =>
  operator.log().flatMap(({ reason = '' }) => /^the watch of (\w+) ended: Expired$/.exec(reason)?.[1] ?? [])
const lists = (): number =>
  harness.kubernetes
    .auditEvents()
    .filter(
      ({ user, verb, objectRef }) => user.username === 'operator' && `${verb} ${objectRef?.resource}` === 'list agents',
    ).length

describe('an operator whose watches are older than etcd’s compaction', () => {
  it('gets 410, lists again, and misses nothing', async () => {
    const { body } = await harness.admin.request('GET', AGENTS)
    const before = body.metadata.resourceVersion
    const listed = lists()
    proxy.hold()
    expect(proxy.reset()).toBeGreaterThanOrEqual(KINDS.length)
    await goOn()
    expect(await answerTo(before)).toMatchObject({ type: 'MODIFIED' })
    await harness.kubernetes.compact()
    expect(await answerTo(before)).toEqual({ type: 'ERROR', code: 410 })
    proxy.release()
    await fixture.untilReady('bob', ...STAYING)
    await untilAllArrived()
    expect(harness.google.grants({ account: fixture.account('carol') }).filter(({ alive }) => alive)).toEqual([])
    expect(new Set(expired())).toEqual(new Set([...KINDS, 'Namespace']))
    expect(lists()).toBe(listed + 1)
  })

  it('continues to watch from there', async () => {
    await fixture.addPerson('frida')
    await fixture.objects.delete('ConfigMap', 'alice-calendar')
    await fixture.untilReady('frida')
    await until('it is repaired', async () => fixture.objects.find('ConfigMap', 'alice-calendar'))
    await fixture.untilStill()
    expect(operator.ended).toBeUndefined()
  })
})
