/** When the status of an integration is written, by whom, and what it counts; suspended and deleted integrations. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { refusal } from '../memory/kubernetes.ts'
import { DAY, IS_DOWN, KEY, MINUTE, OneIntegration, REDIRECT_URI, SECOND, webOf } from './support/one-integration.ts'

let google: OneIntegration

beforeEach(() => {
  google = new OneIntegration()
})

afterEach(() => google.end())

describe('the Agents of an integration', () => {
  test('are counted once each, by their own status', async () => {
    google.addAgent('ready', ['Ready=True:Ready', 'Authorized=True:Granted'])
    google.addAgent('expiring', ['Ready=True:Ready', 'Authorized=True:GrantExpiresSoon'])
    google.addAgent('stalled', ['Ready=False:GrantRevoked', 'Stalled=True:GrantRevoked'])
    google.addAgent('awaiting', ['Ready=False:AwaitingSignIn', 'Authorized=False:AwaitingSignIn'])
    google.addAgent('new')
    // Reasons that stand beside another state count for that state only.
    google.addAgent('stalled-and-expiring', ['Stalled=True:CalendarNotFound', 'Authorized=True:GrantExpiresSoon'])
    google.addAgent('awaiting-too', ['Ready=False:AwaitingSignIn', 'Authorized=False:AwaitingSignIn'])
    google.addAgent('ready-and-awaiting', ['Ready=True:Ready', 'Authorized=False:AwaitingSignIn'])
    await google.reconcile()
    expect(google.status.agents).toEqual({
      ...{ total: 8, ready: 3, awaitingSignIn: 2, expiringSoon: 1, failing: 2, summary: '3/8' },
    })
  })

  test('are not counted if the integration does not allow their namespace', async () => {
    google.addAgent('ours', ['Ready=True:Ready'])
    google.addAgent('theirs', ['Ready=True:Ready'], { namespace: 'elsewhere' })
    await google.reconcile()
    expect(google.status.agents?.summary).toBe('1/1')
    google.change({ allowedNamespaces: { from: 'All' } })
    await google.reconcile()
    expect(google.status.agents?.summary).toBe('2/2')
  })

  test('are counted if their namespace has the labels that the integration selects', async () => {
    google.world.put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'elsewhere', labels: { site: 'a' } } })
    google.addAgent('theirs', ['Ready=True:Ready'], { namespace: 'elsewhere' })
    google.addAgent('unlabelled', [], { namespace: 'third' })
    google.change({ allowedNamespaces: { from: 'Selector', selector: { matchLabels: { site: 'a' } } } })
    google.change({ quota: { requestsPerMinute: 1, requestsPerMinutePerAgent: 600 } })
    google.change({ sync: { ...google.object().spec.sync, interval: '30s' } })
    await google.reconcile()
    expect(google.status.agents?.summary).toBe('1/1')
    expect(google.condition('WithinQuota')?.message).toContain('(1 calendar) needs 2 requests')
  })
})

describe('the status of an integration', () => {
  test('is written once, and again only when it changes', async () => {
    const counted = google.countReads()
    await google.reconcile()
    await google.reconcileAfter(MINUTE)
    await google.reconcileAfter(DAY)
    expect(counted.statusWrites).toBe(1)
    google.addAgent('alice')
    await google.reconcile()
    expect(counted.statusWrites).toBe(2)
  })

  test('is not written after a restart if nothing has changed', async () => {
    await google.reconcile()
    google.world.restart()
    const counted = google.countReads()
    await google.reconcile()
    expect(counted.statusWrites).toBe(0)
  })

  test('is put right at once if somebody else writes over it', async () => {
    await google.reconcile()
    const { status } = google
    const theirs = { ...status, clientID: 'theirs', conditions: [] }
    for (const minutes of [0, 5]) {
      await google.reconcileAfter(minutes * MINUTE)
      google.world.put({ ...google.object(), status: theirs }, true)
      expect(google.status).toEqual(theirs)
      await google.reconcileAfter(MINUTE)
      expect(google.status).toEqual(status)
    }
  })

  test('follows the spec and its generation', async () => {
    await google.reconcile()
    google.changeGoogle({ siteURI: 'https://other.example.com' })
    await google.reconcile()
    expect(google.status.observedGeneration).toBe(2)
    expect(google.status.signIn?.redirectURI).toBe('https://other.example.com/google-calendar/callback')
    expect(google.condition('Ready')?.observedGeneration).toBe(2)
  })

  test('that the API server refuses fails the reconcile; the Agents are told all the same', async () => {
    google.world.kubernetes.refuse = (method, path) =>
      method === 'PATCH' && path.endsWith('/status') ? refusal(403, 'Forbidden') : undefined
    await expect(google.reconcile()).rejects.toMatchObject({ failure: 'Forbidden' })
    expect(google.told()?.ready).toBe(true)
    google.world.kubernetes.refuse = () => undefined
    await google.reconcile()
    expect(google.summary).toEqual(['True', 'Ready', undefined])
    expect(google.verifications).toBe(1)
  })

  test('whose content the API server refuses says so, shortly, and claims nothing', async () => {
    google.world.kubernetes.refuse = (method, path) => {
      if (method !== 'PATCH' || !path.endsWith('/status')) return undefined
      google.world.kubernetes.refuse = () => undefined
      return refusal(422, 'Invalid')
    }
    await expect(google.reconcile()).rejects.toMatchObject({ failure: 'Invalid' })
    expect(google.summary).toEqual(['Unknown', 'NotYetKnown', 'Reconciling'])
    expect(google.condition('CredentialsValid')?.status).toBe('Unknown')
    expect(google.condition('Ready')?.message).toMatch(/API server refuses the status of this CalendarIntegration/)
  })

  test('is not written for another integration that was made under its name meanwhile', async () => {
    google.world.google.before = () => {
      google.world.google.before = () => undefined
      const object = google.object()
      google.world.remove(object)
      google.world.put({ ...object, metadata: { ...object.metadata, uid: 'another' } })
    }
    const counted = google.countReads()
    await google.reconcile()
    expect(counted.statusWrites).toBe(0)
  })
})

describe('the first status of an integration', () => {
  test('says what its Secret tells, asks Google nothing and records no Event', async () => {
    expect(await google.world.writeFirstStatus(KEY)).toEqual({ kind: 'done', checkAgainIn: undefined })
    expect(google.summary).toEqual(['Unknown', 'NotYetKnown', 'Reconciling'])
    expect(google.condition('Ready')?.message).toBe('The credentials have not been verified yet.')
    expect(google.status.clientID).toBe('1-fuzz.apps.googleusercontent.com')
    expect(google.status.signIn).toMatchObject({ mode: 'Redirect', redirectURI: REDIRECT_URI })
    expect(google.world.google.asked).toEqual([])
    expect(google.told()).toBeUndefined()
  })

  test('reads the Secret for the reconcile, too', async () => {
    const counted = google.countReads()
    await google.world.writeFirstStatus(KEY)
    await google.reconcile()
    expect(counted.reads).toBe(1)
  })

  test('is not written over a status that stands, or for a suspended or deleted integration', async () => {
    await google.reconcile()
    google.writeSecret({ 'client_secret.json': webOf() })
    const counted = google.countReads()
    google.world.restart()
    await google.world.writeFirstStatus(KEY)
    google.add('booking/asleep', { spec: { suspend: true } })
    await google.world.writeFirstStatus('booking/asleep')
    google.change({}, { deletionTimestamp: '2026-11-23T10:00:00Z' })
    await google.world.writeFirstStatus(KEY)
    await google.world.writeFirstStatus('booking/unknown')
    expect(counted).toEqual({ reads: 0, statusWrites: 0 })
  })

  test.each(['/secrets/', '/status'])('is tried again after five seconds if Kubernetes refuses %s', async (what) => {
    google.world.kubernetes.refuse = (_method, path) => (path.includes(what) ? refusal(403, 'Forbidden') : undefined)
    expect(await google.world.writeFirstStatus(KEY)).toMatchObject({ kind: 'wait', for: 5 * SECOND })
    google.world.kubernetes.refuse = () => undefined
    await google.world.writeFirstStatus(KEY)
    expect(google.summary).toEqual(['Unknown', 'NotYetKnown', 'Reconciling'])
  })

  test('stands within seconds although Google gives no answer', async () => {
    google.answerTokens(IS_DOWN)
    await google.world.writeFirstStatus(KEY)
    await google.reconcile()
    expect(google.summary).toEqual(['Unknown', 'GoogleUnreachable', 'Reconciling'])
  })
})

describe('a suspended integration', () => {
  test('that was never reconciled says so, reads nothing and asks Google nothing', async () => {
    google.change({ suspend: true })
    const counted = google.countReads()
    expect(await google.reconcile()).toEqual({ kind: 'done', checkAgainIn: undefined })
    expect(google.condition('Ready')).toMatchObject({ status: 'Unknown', reason: 'Suspended' })
    expect(google.condition('Ready')?.message).toContain('until spec.suspend is false')
    google.changeGoogle({ siteURI: 'https://other.example.com' })
    await google.reconcile()
    expect(google.condition('Ready')?.observedGeneration).toBe(3)
    expect([counted.reads, google.verifications]).toEqual([0, 0])
  })

  test('keeps its conditions and its facts, and still counts its Agents', async () => {
    await google.reconcile()
    const { conditions, clientID, signIn } = google.status
    google.change({ suspend: true })
    google.addAgent('alice', ['Ready=True:Ready'])
    await google.reconcileAfter(2 * DAY)
    expect(google.status).toMatchObject({ conditions, clientID, signIn, observedGeneration: 2 })
    expect(google.status.agents?.summary).toBe('1/1')
    expect(google.verifications).toBe(1)
  })

  test('does not answer a request for a reconcile', async () => {
    await google.reconcile()
    google.change({ suspend: true })
    google.request('now')
    await google.reconcile()
    expect(google.status.lastHandledReconcileAt).toBeUndefined()
    google.change({ suspend: false })
    await google.reconcile()
    expect(google.status.lastHandledReconcileAt).toBe('now')
  })

  test('says so still when somebody has written over its status', async () => {
    google.change({ suspend: true })
    await google.reconcile()
    google.world.put({ ...google.object(), status: { observedGeneration: 1, conditions: [] } }, true)
    await google.reconcile()
    expect(google.condition('Ready')).toMatchObject({ status: 'Unknown', reason: 'Suspended' })
  })

  test('goes on where it was when it is not suspended any more', async () => {
    google.change({ suspend: true })
    await google.reconcile()
    google.change({ suspend: false })
    await google.reconcile()
    expect(google.summary).toEqual(['True', 'Ready', undefined])
  })
})

describe('an integration that is deleted', () => {
  test.each(['is gone', 'is being deleted'])('and %s tells its Agents so, and is not reported', async (how) => {
    await google.reconcile()
    if (how === 'is gone') google.world.remove(google.object())
    else google.change({}, { deletionTimestamp: '2026-11-23T10:00:00Z', finalizers: ['theirs'] })
    const counted = google.countReads()
    google.world.woken = []
    expect(await google.reconcile()).toEqual({ kind: 'done', checkAgainIn: undefined })
    expect(google.told()).toBeUndefined()
    expect(google.world.woken).toEqual([KEY])
    expect([counted.statusWrites, google.verifications]).toEqual([0, 1])
  })
})

describe('a reconcile that somebody asks for', () => {
  test('verifies the client again and says that it was done', async () => {
    await google.reconcile()
    google.request('2026-11-23T10:00:00Z')
    await google.reconcile()
    expect(google.verifications).toBe(2)
    expect(google.status.lastHandledReconcileAt).toBe('2026-11-23T10:00:00Z')
    await google.reconcile()
    expect(google.verifications).toBe(2)
  })

  test('waits its turn if another was made within ten seconds', async () => {
    await google.reconcile()
    google.request('one')
    await google.reconcile()
    google.request('two')
    expect(await google.reconcileAfter(4 * SECOND)).toMatchObject({ kind: 'done', checkAgainIn: 6 * SECOND })
    expect(google.status.lastHandledReconcileAt).toBe('one')
    await google.reconcileAfter(6 * SECOND)
    expect(google.status.lastHandledReconcileAt).toBe('two')
    expect(google.verifications).toBe(3)
  })

  test('passes over a limit that Google imposed, with one request', async () => {
    await google.reconcile()
    google.answerTokens([429, {}])
    await google.reconcileAfter(DAY)
    google.answerAgain()
    const asked = google.verifications
    google.request('now')
    expect(await google.reconcile()).toMatchObject({ kind: 'done' })
    expect(google.verifications).toBe(asked + 1)
    expect(google.status.lastHandledReconcileAt).toBe('now')
  })
})

test('a fault of our own is retried, reveals nothing, and what is known is reported', async () => {
  google.world.registry.clearSuspect = () => {
    throw new RangeError('a token')
  }
  const outcome = await google.reconcile()
  expect(outcome).toMatchObject({ kind: 'retry', error: { name: 'UnexpectedError', message: 'RangeError' } })
  expect(google.summary).toEqual(['Unknown', 'NotYetKnown', 'Reconciling'])
  expect(google.told()?.ready).toBe(false)
  google.world.registry.api = () => {
    throw new RangeError('a token')
  }
  google.add('booking/new')
  await expect(google.world.writeFirstStatus('booking/new')).rejects.toThrow(RangeError)
})
