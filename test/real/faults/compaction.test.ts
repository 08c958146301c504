/**
 * An operator that was cut off while etcd forgot where its watches stood: each is answered 410, lists anew, and goes on.
 * There is no watch cache in between, so that it is etcd's compaction that ends them.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Proxy } from './support/proxy.ts'
import { userOf, type Replica } from './support/replica.ts'
import { Stage } from './support/stage.ts'
import type { Town } from './support/town.ts'
import { until } from './support/until.ts'

const AGENTS = '/apis/calendar-operator.io/v1alpha1/agents'
const PEOPLE = ['alice', 'carol', 'dora', 'emil']
const STAYING = ['alice', 'dora', 'emil']
/** What the operator works with; others may be watched beside it. */
const KINDS = ['Agent', 'CalendarIntegration', 'ConfigMap', 'Secret']

let stage: Stage
let town: Town
let proxy: Proxy
let operator: Replica

beforeAll(async () => {
  stage = await Stage.start({ watchCache: false })
  town = await stage.town('booking')
  for (const name of PEOPLE) await town.settle(name, { deletionPolicy: name === 'carol' ? 'Revoke' : 'Retain' })
  proxy = await Proxy.before(stage.kubernetes.url)
  const kubeconfig = proxy.kubeconfig(await stage.kubernetes.kubeconfig(userOf('operator')))
  operator = await stage.replica('operator', { kubeconfig })
  await town.untilReady(...PEOPLE)
  await town.untilStill()
})
afterAll(async () => {
  await stage.stop()
  await proxy.close()
})

/** What a watch from here on begins with. */
async function answerTo(version: string): Promise<{ type: string; code?: number } | undefined> {
  const watch = await stage.hands.watch(`${AGENTS}?watch=true&resourceVersion=${version}`)
  const event = await watch.next()
  watch.close()
  return event && { type: event.type, code: event.object.code }
}

async function goOn(): Promise<void> {
  await town.objects.patch('Agent', 'alice', { spec: { publish: { calendar: { formats: ['JSON', 'ICalendar'] } } } })
  await town.settle('bob')
  await town.objects.delete('Agent', 'carol')
  await town.objects.delete('ConfigMap', 'dora-calendar')
  // Emil consents once more, and what he had given before ends.
  stage.google.revoke({ account: town.account('emil') })
  await town.bringGrant('emil')
  town.appoint('emil', 1)
  await town.objects.patch('CalendarIntegration', 'google', { spec: { sync: { window: { futureDays: 30 } } } })
}

const untilAllArrived = (): Promise<true> =>
  until('all of it has arrived', async () => {
    await town.objects.get('ConfigMap', 'dora-calendar')
    const { metadata, status } = await town.objects.get('CalendarIntegration', 'google')
    return (
      (await town.objects.find('Agent', 'carol')) === undefined &&
      (await town.objects.get('ConfigMap', 'alice-calendar')).data?.['busy.ics'] !== undefined &&
      (await town.busy('emil')).length === 1 &&
      (status as { observedGeneration?: number } | undefined)?.observedGeneration === metadata.generation
    )
  })

/** The kinds whose watch was told so. */
const expired = (): string[] =>
  operator.log().flatMap(({ reason = '' }) => /^the watch of (\w+) ended: Expired$/.exec(reason)?.[1] ?? [])
const lists = (): number =>
  stage.kubernetes
    .auditEvents()
    .filter(
      ({ user, verb, objectRef }) => user.username === 'operator' && `${verb} ${objectRef?.resource}` === 'list agents',
    ).length

describe('an operator whose watches stand where etcd has forgotten', () => {
  it('is told so, lists anew, and has missed nothing', async () => {
    const { body } = await stage.hands.request('GET', AGENTS)
    const before = body.metadata.resourceVersion
    const listed = lists()
    proxy.hold()
    expect(proxy.reset()).toBeGreaterThanOrEqual(KINDS.length)
    await goOn()
    expect(await answerTo(before)).toMatchObject({ type: 'MODIFIED' })
    await stage.kubernetes.compact()
    expect(await answerTo(before)).toEqual({ type: 'ERROR', code: 410 })
    proxy.release()
    await town.untilReady('bob', ...STAYING)
    await untilAllArrived()
    expect(stage.google.grants({ account: town.account('carol') }).filter(({ alive }) => alive)).toEqual([])
    expect(new Set(expired())).toEqual(new Set([...KINDS, 'Namespace']))
    expect(lists()).toBe(listed + 1)
  })

  it('watches on from there', async () => {
    await town.settle('frida')
    await town.objects.delete('ConfigMap', 'alice-calendar')
    await town.untilReady('frida')
    await until('it is repaired', async () => town.objects.find('ConfigMap', 'alice-calendar'))
    await town.untilStill()
    expect(operator.ended).toBeUndefined()
  })
})
