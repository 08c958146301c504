/** What becomes of the steps after one that fails, and of what it fails with. */
import { beforeEach, describe, expect, test } from 'vitest'
import { emptySnapshot } from '../../src/calendar/calendar-snapshot.ts'
import { newCalendar, newCalendarsState } from '../../src/calendars/state.ts'
import { ApiError } from '../../src/kubernetes/port.ts'
import type { PublishDeps, PublishInput, PublishResult } from '../../src/publishing/port.ts'
import { pruneOutputs, publishOutputs } from '../../src/publishing/publish-outputs.ts'
import type { PublicationState } from '../../src/publishing/state.ts'
import { marksOf, withController } from '../../src/resources/ownership.ts'
import { zones } from '../calendar/support.ts'
import { ManualClock } from '../support/clock.ts'
import { anAgent, anIntegration } from '../support/resources.ts'
import { SmallCluster } from '../support/small-cluster.ts'

const agent = anAgent({
  publish: {
    staleAfter: '15m',
    whenStale: 'Block',
    calendar: { kind: 'ConfigMap', name: 'calendar', detail: 'Busy', formats: ['JSON'] },
  },
})
const withToken = anAgent({ publish: { ...agent.spec.publish, accessToken: { name: 'token' } } })
const onlyToken = anAgent({ publish: { staleAfter: '15m', whenStale: 'Block', accessToken: { name: 'token' } } })
const marks = marksOf(agent, 'calendar')
const owned = { ...marks, ownerReferences: withController([], agent) }
const ownedToken = { ...owned, ...marksOf(agent, 'access-token') }
const window = { start: '2026-11-22T10:00:00Z', end: '2027-01-22T10:00:00Z' }
const header = { version: 1, agent: 'booking/alice', timeZone: 'UTC', window, syncedAt: '2026-11-23T09:00:00Z' }
const free = JSON.stringify({ ...header, freshUntil: '2026-11-23T09:15:00Z', complete: true, busy: [] })

const snapshot = {
  ...emptySnapshot(),
  get listedWindow(): never {
    throw new TypeError('broken')
  },
}
const unreadable = { byId: new Map([['alice@example.com', { ...newCalendar(), snapshot, lastRead: 0 }]]) }

let clock: ManualClock
let small: SmallCluster
let deps: PublishDeps
let state: PublicationState

beforeEach(() => {
  clock = new ManualClock()
  small = new SmallCluster()
  small.agents = [agent]
  deps = { cluster: small.cluster, clock, zones }
  state = {}
})

const inputOf = (special: Partial<PublishInput>): PublishInput => ({
  ...{ agent, isNarrowed: false, calendars: newCalendarsState(), account: undefined, sync: anIntegration().spec.sync },
  ...{ authorized: true, token: { accessToken: 'ya29', expiresAt: clock.now() + 60_000 }, reportsConflicts: false },
  ...special,
})

async function publish(special: Partial<PublishInput> = {}): Promise<PublishResult> {
  const result = await publishOutputs(deps, inputOf(special), state)
  state = result.state
  return result
}

const edit = (metadata: object = owned): object => small.configMap('calendar', { 'busy.json': free }, metadata)
const reasonsIn = ({ failures }: PublishResult): string[] => failures.map(({ reason }) => reason)

describe('a calendar', () => {
  test('that somebody changes after each repair is reported', async () => {
    for (let count = 0; count < 10; count++) {
      edit()
      expect(reasonsIn(await publish())).toEqual([])
    }
    edit()
    const { failures, isComplete } = await publish()
    expect(failures).toMatchObject([{ reason: 'PublishConflict' }])
    expect(failures[0]?.message).toContain('ConfigMap calendar')
    expect(isComplete).toBe(false)
  })

  test('that somebody changes while its labels are restored ends the step with a conflict', async () => {
    edit({ ...owned, labels: { ...marks.labels, 'app.kubernetes.io/component': 'none' } })
    small.meanwhile = [() => void edit()]
    const { conflict, failures } = await publish({ agent: withToken })
    expect([conflict, failures]).toMatchObject([{ failure: 'Conflict' }, []])
    expect(small.get('Secret', 'token')).toBeUndefined()
  })

  test('that can’t be published because of an unexpected error keeps no access token from being published', async () => {
    edit()
    const { failures } = await publish({ agent: withToken, account: 'alice@example.com', calendars: unreadable })
    expect(failures).toMatchObject([{ requeue: { kind: 'retry' } }])
    expect(small.text('token').access_token).toBe('ya29')
  })
})

describe('an object under a former name', () => {
  const asked = { agent: withToken, isNarrowed: true }
  const prune = async (special: Partial<PublishInput>, isComplete: boolean): Promise<unknown> =>
    pruneOutputs(deps, inputOf(special), { state, isComplete })

  beforeEach(async () => {
    small.secret('former', { access_token: 'old' }, ownedToken)
    await publish({ agent: withToken })
  })

  test('stays until the grant is found valid', async () => {
    for (const authorized of [false, true]) {
      const { isComplete } = await publish({ agent: onlyToken, authorized })
      await prune({ agent: onlyToken, authorized }, isComplete)
      expect(small.get('Secret', 'former') === undefined).toBe(authorized)
    }
  })

  test('that can’t be deleted is left to the next reconcile', async () => {
    small.refuse = () => new ApiError('Forbidden', 'no')
    expect(await prune({ agent: onlyToken }, true)).toBeUndefined()
    small.refuse = undefined
    await prune({ agent: onlyToken }, true)
    expect(small.get('Secret', 'former')).toBeUndefined()
  })

  test('that somebody changes while it is updated is a conflict', async () => {
    small.meanwhile = [
      () => void small.secret('former', { access_token: 'theirs' }, small.get('Secret', 'former')!.metadata),
    ]
    expect(await prune(asked, false)).toMatchObject({ failure: 'Conflict' })
  })
})
