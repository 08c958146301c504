/** What an integration says and does when its client is verified at Google, as its reconciles show it. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { CLIENT_SECRET as SECRET } from '../memory/objects.ts'
import {
  CLIENT_ID,
  DAY,
  encoded,
  HOUR,
  IS_DOWN,
  KEY,
  MINUTE,
  OneIntegration,
  REFUSES,
  SECOND,
  webOf,
} from './support/one-integration.ts'

let google: OneIntegration

beforeEach(() => {
  google = new OneIntegration()
})

afterEach(() => google.end())

describe('a client that Google refuses', () => {
  test.each<[error: string, reason: string, advice: RegExp]>([
    ['invalid_client', 'InvalidClient', /refuses the client id 1-fuzz\S+ with this secret: add a new secret/],
    ['unauthorized_client', 'InvalidClient', /add a new secret on the client's page/],
    ['deleted_client', 'ClientDeleted', /OAuth client 1-fuzz\S+ was deleted at Google: restore it/],
    ['disabled_client', 'ClientDisabled', /OAuth client 1-fuzz\S+, or its secret, is disabled at Google: enable it/],
    ['invalid_request', 'ClientFileInvalid', /\(400 invalid_request\): download the client's file/],
  ])('with %s is %s: a person has to act', async (error, reason, advice) => {
    google.answerTokens(REFUSES(error))
    expect(await google.reconcile()).toEqual({ kind: 'blocked', reason, checkAgainIn: 5 * MINUTE })
    expect(google.summary).toEqual(['False', reason, 'Stalled'])
    expect(google.condition('CredentialsValid')?.reason).toBe(reason)
    expect(google.condition('CredentialsValid')?.message).toMatch(advice)
    expect(google.condition('Ready')?.message).toContain('Changed settings take Google 5 minutes to a few hours')
    expect(google.told()).toMatchObject({ ready: false, share: undefined, message: google.condition('Ready')?.message })
    expect(JSON.stringify(google.status)).not.toContain(SECRET)
  })

  test('is asked about again by itself, and is ready once Google accepts it', async () => {
    google.answerTokens(REFUSES('invalid_client'))
    await google.reconcile()
    google.answerAgain()
    await google.reconcileAfter(4 * MINUTE)
    expect(google.verifications).toBe(1)
    await google.reconcileAfter(MINUTE)
    expect(google.summary).toEqual(['True', 'Ready', undefined])
    expect(google.told()?.ready).toBe(true)
  })

  test('stays refused while Google can’t be reached', async () => {
    google.answerTokens(REFUSES('invalid_client'))
    await google.reconcile()
    google.answerTokens(IS_DOWN)
    expect(await google.reconcileAfter(5 * MINUTE)).toMatchObject({ kind: 'retry' })
    expect(google.summary).toEqual(['False', 'InvalidClient', 'Stalled'])
  })

  test('after it was good, is not used by its Agents any more', async () => {
    await google.reconcile()
    google.answerTokens(REFUSES('deleted_client'))
    await google.reconcileAfter(DAY)
    expect(google.told()).toMatchObject({ ready: false, share: undefined })
    expect(google.events('ClientDeleted')).toHaveLength(1)
  })
})

describe('a client that Google gives no answer about', () => {
  test('is unknown, which is no reason to give up: it is tried with a backoff', async () => {
    google.answerTokens(IS_DOWN)
    const outcome = await google.reconcile()
    expect(outcome).toMatchObject({ kind: 'retry', error: { failure: 'Unreachable' } })
    expect(google.summary).toEqual(['Unknown', 'GoogleUnreachable', 'Reconciling'])
    expect(google.condition('CredentialsValid')?.message).toContain('503 server error')
    expect(google.told()?.ready).toBe(false)
    const { notBefore = 0, longest = 0 } = outcome as { notBefore?: number; longest?: number }
    expect(notBefore).toBeGreaterThan(500)
    expect(notBefore).toBeLessThan(2 * SECOND)
    expect(longest).toBeGreaterThanOrEqual(SECOND)
    google.answerAgain()
    await google.reconcile()
    expect(google.verifications).toBe(1)
    await google.reconcileAfter(notBefore)
    expect(google.verifications).toBe(2)
    expect(google.summary).toEqual(['True', 'Ready', undefined])
  })

  test('is asked about about once an interval in the long run', async () => {
    google.answerTokens(IS_DOWN)
    google.change({ sync: { ...google.object().spec.sync, interval: '1m' } })
    for (let second = 0; second < 30 * 60; second += 10) await google.reconcileAfter(10 * SECOND)
    expect(google.verifications).toBeGreaterThan(28)
    expect(google.verifications).toBeLessThan(50)
  })

  test('stays good if it was accepted before, also after a restart', async () => {
    await google.reconcile()
    google.answerTokens(IS_DOWN)
    expect(await google.reconcileAfter(DAY)).toMatchObject({ kind: 'retry' })
    expect(google.summary).toEqual(['True', 'Ready', undefined])
    google.world.restart()
    expect(await google.reconcile()).toMatchObject({ kind: 'retry' })
    expect(google.summary).toEqual(['True', 'Ready', undefined])
    expect(google.told()?.ready).toBe(true)
  })

  test('waits as long as Google asks for, but a reconcile does not ask earlier', async () => {
    google.answerTokens([429, {}])
    await google.reconcile()
    expect(google.condition('WithinQuota')).toMatchObject({ status: 'False', reason: 'RateLimited' })
    const asked = google.verifications
    await google.reconcileAfter(SECOND)
    expect(google.verifications).toBe(asked)
  })
})

describe('an operator that was restarted', () => {
  /** What the Agents are told at the moment at which Google is asked. */
  async function toldWhenAsked(): Promise<boolean | undefined> {
    let ready: boolean | undefined
    google.world.google.before = () => (ready = google.told()?.ready)
    await google.reconcile()
    return ready
  }

  test('lets Agents read before Google has answered again, and verifies the client once', async () => {
    await google.reconcile()
    google.world.restart()
    expect(await toldWhenAsked()).toBe(true)
    expect(google.verifications).toBe(2)
  })

  test.each<[what: string, change: () => void]>([
    ['whose Secret has changed meanwhile', () => google.writeSecret({ 'client_secret.json': webOf() })],
    ['that was refused', () => undefined],
  ])('lets nobody use a client %s before it is verified', async (what, change) => {
    if (what.includes('refused')) google.answerTokens(REFUSES('invalid_client'))
    await google.reconcile()
    google.world.restart()
    change()
    expect(await toldWhenAsked()).toBeFalsy()
  })

  test('says that changed credentials are bad only when Google has said so', async () => {
    await google.reconcile()
    google.world.restart()
    google.writeSecret({ 'client_secret.json': webOf() })
    google.answerTokens(IS_DOWN)
    await google.reconcile()
    expect(google.summary).toEqual(['Unknown', 'GoogleUnreachable', 'Reconciling'])
  })
})

describe('a client that an Agent’s refused request casts doubt on', () => {
  test('is verified again, once for all of its Agents', async () => {
    await google.reconcile()
    await google.world.clock.advance(MINUTE)
    google.answerTokens(REFUSES('invalid_client'))
    google.world.registry.report(KEY, { clientRefused: true })
    await google.reconcile()
    expect(google.summary).toEqual(['False', 'InvalidClient', 'Stalled'])
    expect(google.world.registry.isSuspect(KEY)).toBe(false)
    await google.reconcileAfter(MINUTE)
    expect(google.verifications).toBe(2)
  })

  test('needs no other verification if it was verified just now', async () => {
    await google.reconcile()
    google.world.registry.report(KEY, { clientRefused: true })
    await google.reconcileAfter(5 * SECOND)
    await google.reconcileAfter(MINUTE)
    expect(google.verifications).toBe(1)
  })

  test('is verified later if Google gives no answer first', async () => {
    await google.reconcile()
    await google.world.clock.advance(MINUTE)
    google.world.registry.report(KEY, { clientRefused: true })
    google.answerTokens(IS_DOWN)
    await google.reconcile()
    google.answerAgain()
    await google.reconcileAfter(HOUR)
    expect(google.verifications).toBe(3)
  })
})

describe('clients that are made up', () => {
  const change = (number: number): void =>
    google.writeSecret({ 'client_secret.json': webOf({ client_secret: `GOCSPX-${number}` }) })

  test('are verified three times at once, and then once in ten seconds', async () => {
    google.answerTokens(REFUSES('invalid_client'))
    for (let number = 0; number < 3; number++) {
      change(number)
      await google.reconcile()
    }
    change(3)
    google.answerAgain()
    const outcome = await google.reconcile()
    expect(google.verifications).toBe(3)
    expect(outcome).toEqual({ kind: 'wait', reason: 'NotYetKnown', for: 10 * SECOND })
    expect(google.summary).toEqual(['Unknown', 'NotYetKnown', 'Reconciling'])
    expect(google.condition('CredentialsValid')?.message).toBe('The credentials have not been verified yet.')
    await google.reconcileAfter(10 * SECOND)
    expect(google.summary).toEqual(['True', 'Ready', undefined])
  })

  test('are verified at once if somebody asks for it', async () => {
    google.answerTokens(REFUSES('invalid_client'))
    for (let number = 0; number < 4; number++) {
      change(number)
      if (number === 3) google.request('now')
      await google.reconcile()
    }
    expect(google.verifications).toBe(4)
  })

  test('delay neither a client that Google has accepted nor one of another namespace', async () => {
    await google.reconcile()
    await google.world.clock.advance(MINUTE)
    for (let number = 0; number < 60; number++) {
      const data = encoded({ client_id: CLIENT_ID, client_secret: `GOCSPX-${number}` })
      google.add(`booking/made-up-${number}`, { data, spec: specWith(`client-of-made-up-${number}`) })
      await google.reconcile(`booking/made-up-${number}`)
    }
    expect(google.verifications).toBe(51)
    google.add('other/new')
    await google.reconcile('other/new')
    expect(google.verifications).toBe(52)
    google.world.registry.report(KEY, { clientRefused: true })
    await google.reconcile()
    expect(google.verifications).toBe(53)
  })

  const specWith = (name: string): object => ({
    google: { ...google.object().spec.google, clientSecretRef: { name } },
  })
})
