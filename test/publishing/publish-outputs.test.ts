/** The steps of publishing: what one of them fails with leaves the state of the others as it is. */
import { beforeEach, describe, expect, test } from 'vitest'
import { newCalendarsState } from '../../src/calendars/state.ts'
import { ApiError } from '../../src/kubernetes/port.ts'
import type { PublishDeps, PublishInput } from '../../src/publishing/port.ts'
import { publishOutputs } from '../../src/publishing/publish-outputs.ts'
import type { PublicationState } from '../../src/publishing/state.ts'
import { trustedUntil } from '../../src/publishing/trust.ts'
import { marksOf, withController } from '../../src/resources/ownership.ts'
import { zones } from '../calendar/support.ts'
import { ManualClock } from '../support/clock.ts'
import { anAgent, anIntegration } from '../support/resources.ts'
import { SmallCluster } from '../support/small-cluster.ts'

const agent = anAgent({ publish: { staleAfter: '15m', whenStale: 'KeepLast', accessToken: { name: 'token' } } })
const metadata = { ...marksOf(agent, 'access-token'), ownerReferences: withController([], agent) }

let clock: ManualClock
let small: SmallCluster
let deps: PublishDeps
let state: PublicationState

beforeEach(async () => {
  clock = new ManualClock()
  small = new SmallCluster()
  small.agents = [agent]
  deps = { cluster: small.cluster, clock, zones }
  state = {}
  await publish()
})

async function publish(special: Partial<PublishInput> = {}): ReturnType<typeof publishOutputs> {
  const result = await publishOutputs(
    deps,
    {
      agent,
      isNarrowed: false,
      calendars: newCalendarsState(),
      account: undefined,
      sync: anIntegration().spec.sync,
      authorized: true,
      token: { accessToken: 'ya29', expiresAt: clock.now() + 60 * 60_000 },
      reportsConflicts: false,
      ...special,
    },
    state,
  )
  state = result.state
  return result
}

const trusted = (): number | undefined =>
  trustedUntil(state, { agent, now: clock.now(), staleAfter: undefined, readingEnds: undefined })

describe('an object that somebody else has changed', () => {
  beforeEach(() => void small.secret('token', { access_token: 'theirs' }, metadata))

  test('is repaired', async () => {
    await publish()
    expect(small.text('token').access_token).toBe('ya29')
    expect(trusted()).toBeGreaterThan(clock.now())
  })

  test('is not trusted while it can’t be repaired', async () => {
    small.refuse = (write) => (write === 'patch Secret token' ? new ApiError('Forbidden', 'no') : undefined)
    const { failures, conflict } = await publish()
    expect([failures.map(({ reason }) => reason), conflict]).toEqual([['PublishFailed'], undefined])
    expect(trusted()).toBe(-Infinity)
  })

  test('again while we write ends the step with a conflict, which is reported only if conflicts last', async () => {
    const change = (): void => void small.secret('token', { access_token: 'theirs again' }, metadata)
    small.meanwhile = [change]
    const first = await publish()
    expect([first.failures, first.conflict]).toMatchObject([[], { failure: 'Conflict' }])
    small.meanwhile = [change]
    const { failures, conflict } = await publish({ reportsConflicts: true })
    expect([failures.map(({ reason }) => reason), conflict]).toEqual([['PublishFailed'], undefined])
  })
})

test('a token of a grant that was not found valid is not published, but its object is looked at', async () => {
  small.secret('token', { access_token: 'theirs' }, metadata)
  await publish({ authorized: false })
  expect(small.text('token').access_token).toBe('theirs')
  expect(state.accessToken?.isEdited).toBe(true)
})
