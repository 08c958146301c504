/** What an integration says about its client's Secret, and what its Agents are told about it. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { refusal } from '../memory/kubernetes.ts'
import { clientSecretOf } from '../memory/objects.ts'
import {
  CLIENT_ID,
  CLIENT_SECRET,
  DAY,
  HOUR,
  IS_DOWN,
  MINUTE,
  OneIntegration,
  REDIRECT_URI,
  START,
  webOf,
} from './support/one-integration.ts'

let google: OneIntegration

beforeEach(() => {
  google = new OneIntegration()
})

afterEach(() => google.end())

describe('an integration whose client Google accepts', () => {
  test('shows the client without its secret, what to register, and its Agents', async () => {
    google.writeSecret({ 'client_secret.json': webOf({ client_secret: CLIENT_SECRET, project_id: 'booking-site' }) })
    expect(await google.reconcile()).toEqual({ kind: 'done', checkAgainIn: DAY })
    const accepted = 'Google accepts the client id and its secret.'
    const advice = `The client file registers neither ${REDIRECT_URI} nor https://booking.example.com`
    const { credentialsHash, ...status } = google.status
    expect(credentialsHash).toMatch(/^[0-9a-f]{16}$/)
    expect(status).toEqual({
      observedGeneration: 1,
      clientID: CLIENT_ID,
      projectID: 'booking-site',
      signIn: { mode: 'Redirect', redirectURI: REDIRECT_URI, javascriptOrigin: 'https://booking.example.com' },
      agents: { total: 0, ready: 0, awaitingSignIn: 0, expiringSoon: 0, failing: 0, summary: '0/0' },
      conditions: [
        expect.objectContaining({ type: 'Ready', status: 'True', reason: 'Ready' }),
        expect.objectContaining({ type: 'CredentialsValid', status: 'True', reason: 'Proved' }),
        expect.objectContaining({ type: 'CalendarAPIEnabled', status: 'Unknown', reason: 'NotYetKnown' }),
        expect.objectContaining({ type: 'WithinQuota', status: 'True', reason: 'WithinQuota' }),
        expect.objectContaining({ type: 'SiteAccepted', status: 'True', reason: 'Accepted' }),
      ],
    })
    expect(google.condition('CredentialsValid')?.message).toContain(`${accepted} ${advice}`)
    expect(google.condition('Ready')).toMatchObject({
      message: google.condition('CredentialsValid')?.message,
      lastTransitionTime: START,
    })
    expect(JSON.stringify(google.status)).not.toContain(CLIENT_SECRET)
    expect(google.verifications).toBe(1)
    expect(google.world.kubernetes.events).toEqual([])
    expect(await google.reconcileAfter(HOUR)).toEqual({ kind: 'done', checkAgainIn: DAY - HOUR })
  })

  test('lets its Agents read and sign in', async () => {
    expect(google.told()).toBeUndefined()
    await google.reconcile()
    expect(google.told()).toMatchObject({
      ready: true,
      apiDisabled: false,
      siteAccepted: true,
      siteRefused: false,
      credentialsHash: google.status.credentialsHash,
      client: { credentials: { clientId: CLIENT_ID, clientSecret: CLIENT_SECRET } },
    })
    google.world.woken = []
    await google.reconcileAfter(MINUTE)
    expect(google.world.woken).toEqual([])
  })

  test.each<[mode: string, what: string, web: object, advice: RegExp]>([
    ['Redirect', 'the redirect URI', { redirect_uris: [REDIRECT_URI] }, /secret\.$/],
    ['Popup', 'the origin alone', { javascript_origins: ['https://booking.example.com'] }, /secret\.$/],
    ['Redirect', 'neither of them', {}, /registers neither .* add https.*callback to .*"Authorized redirect URIs"/],
  ])('signs people in by %s if the file registers %s', async (mode, _what, web, advice) => {
    google.writeSecret({ 'client_secret.json': webOf(web) })
    await google.reconcile()
    expect(google.status.signIn?.mode).toBe(mode)
    expect(google.condition('Ready')?.status).toBe('True')
    expect(google.condition('Ready')?.message).toMatch(advice)
  })

  test('says that an id and a secret alone do not tell what is registered', async () => {
    google.world.put(clientSecretOf('fields'))
    await google.reconcile()
    expect(google.status.signIn?.mode).toBe('Redirect')
    expect(google.condition('Ready')?.message).toContain('not known from an id and a secret alone')
  })

  test('says what was stripped from a pasted secret, and records one Event about it', async () => {
    google.world.put(clientSecretOf('quoted'))
    await google.reconcile()
    expect(google.condition('CredentialsValid')?.message).toMatch(/\(Stripped: .*quotes around client_secret.*\)/)
    google.world.restart()
    await google.reconcileAfter(MINUTE)
    const told = google.events('Proved').filter((note) => note.includes('Stripped'))
    expect(told).toHaveLength(1)
  })

  test('says nothing about what was stripped before Google has accepted it', async () => {
    google.world.put(clientSecretOf('quoted'))
    google.answerTokens(IS_DOWN)
    await google.reconcile()
    expect(google.world.kubernetes.events).toEqual([])
    google.answerAgain()
    await google.reconcileAfter(10 * MINUTE)
    expect(google.events('Proved').filter((note) => note.includes('Stripped'))).not.toEqual([])
  })
})

describe('an integration without a usable Secret', () => {
  test('says which one is missing, asks Google nothing, and holds its Agents back', async () => {
    google.removeSecret()
    expect(await google.reconcile()).toEqual({ kind: 'wait', reason: 'SecretNotFound', for: HOUR })
    expect(google.summary).toEqual(['False', 'SecretNotFound', 'Reconciling'])
    expect(google.condition('CredentialsValid')?.message).toMatch(
      /no Secret google-oauth-client in namespace booking.*clientSecretRef.*under the key client_secret\.json\./,
    )
    expect(google.status.signIn).toEqual({
      redirectURI: REDIRECT_URI,
      javascriptOrigin: 'https://booking.example.com',
    })
    expect(google.told()).toMatchObject({ ready: false, client: undefined, credentialsHash: '', share: undefined })
    expect(google.told()?.message).toBe(google.condition('Ready')?.message)
    expect(google.verifications).toBe(0)
  })

  test('names the key of its spec', async () => {
    google.removeSecret()
    google.changeGoogle({ clientSecretRef: { name: 'google-oauth-client', key: 'web.json' } })
    await google.reconcile()
    expect(google.condition('Ready')?.message).toContain('under the key web.json.')
  })

  test('is ready as soon as the Secret is there', async () => {
    google.removeSecret()
    await google.reconcile()
    google.world.put(clientSecretOf('file'))
    await google.reconcileAfter(MINUTE)
    expect(google.summary).toEqual(['True', 'Ready', undefined])
  })

  test.each<[reason: string, beside: string, data: Record<string, string | object>]>([
    ['SecretKeyMissing', 'Reconciling', { other: 'x' }],
    ['SecretKeyMissing', 'Reconciling', {}],
    ['ClientFileInvalid', 'Stalled', { 'client_secret.json': 'no file' }],
    ['WrongClientType', 'Stalled', { 'client_secret.json': '{"type": "service_account"}' }],
  ])('is %s, %s', async (reason, beside, data) => {
    google.writeSecret(data)
    await google.reconcile()
    expect(google.summary).toEqual(['False', reason, beside])
    expect(google.status).not.toHaveProperty('clientID')
    expect(google.verifications).toBe(0)
  })

  test('is looked at every five minutes in the first two hours if only a person can mend it, and hourly then', async () => {
    google.writeSecret({ 'client_secret.json': 'no file' })
    const blocked = (checkAgainIn: number): object => ({ kind: 'blocked', reason: 'ClientFileInvalid', checkAgainIn })
    expect(await google.reconcile()).toEqual(blocked(5 * MINUTE))
    expect(await google.reconcileAfter(2 * HOUR - MINUTE)).toEqual(blocked(5 * MINUTE))
    expect(await google.reconcileAfter(MINUTE)).toEqual(blocked(HOUR))
  })

  test('is looked at soon if the time of day was put back meanwhile', async () => {
    google.writeSecret({ 'client_secret.json': 'no file' })
    await google.reconcile()
    google.world.clock.setTimeOfDay(-DAY)
    expect(await google.reconcile()).toMatchObject({ kind: 'blocked', checkAgainIn: 5 * MINUTE })
  })
})

describe('the Secret of an integration', () => {
  test('is read once, and again when it or the name of its key has changed', async () => {
    const counted = google.countReads()
    await google.reconcile()
    await google.reconcileAfter(MINUTE)
    expect(counted.reads).toBe(1)
    google.world.put(clientSecretOf('file'))
    await google.reconcileAfter(MINUTE)
    expect(counted.reads).toBe(2)
    google.changeGoogle({ clientSecretRef: { name: 'google-oauth-client', key: 'other.json' } })
    await google.reconcileAfter(MINUTE)
    expect(google.summary).toEqual(['False', 'SecretKeyMissing', 'Reconciling'])
    await google.reconcileAfter(MINUTE)
    expect(counted.reads).toBe(3)
    google.changeGoogle({ clientSecretRef: { name: 'google-oauth-client', key: 'client_secret.json' } })
    await google.reconcileAfter(MINUTE)
    expect(google.summary).toEqual(['True', 'Ready', undefined])
  })

  test('that changes is verified at once, and the Agents get another hash', async () => {
    await google.reconcile()
    const before = google.told()?.credentialsHash
    google.writeSecret({ 'client_secret.json': webOf() })
    google.world.woken = []
    await google.reconcileAfter(MINUTE)
    expect(google.verifications).toBe(2)
    expect(google.told()?.credentialsHash).not.toBe(before)
    expect(google.told()?.credentialsHash).toBe(google.status.credentialsHash)
    expect(google.world.woken).toContain('booking/google')
  })

  test('that only gets a new label is not verified again', async () => {
    await google.reconcile()
    google.world.put({
      ...clientSecretOf('file'),
      metadata: { ...clientSecretOf('file').metadata, labels: { a: 'b' } },
    })
    await google.reconcileAfter(MINUTE)
    expect(google.verifications).toBe(1)
  })

  test('that is deleted says so, and its client is not used any more', async () => {
    await google.reconcile()
    google.removeSecret()
    await google.reconcileAfter(MINUTE)
    expect(google.summary).toEqual(['False', 'SecretNotFound', 'Reconciling'])
    expect(google.told()).toMatchObject({ ready: false, client: undefined })
    expect(google.status).not.toHaveProperty('clientID')
  })

  test('that can’t be read fails the reconcile, is no reason to say anything else, and is read later', async () => {
    google.world.kubernetes.refuse = (method, path) =>
      method === 'GET' && path.includes('/secrets/') ? refusal(403, 'Forbidden') : undefined
    await expect(google.reconcile()).rejects.toMatchObject({ name: 'ApiError', failure: 'Forbidden' })
    expect([google.status.conditions, google.verifications]).toEqual([undefined, 0])
    google.world.kubernetes.refuse = () => undefined
    await google.reconcileAfter(MINUTE)
    expect(google.summary).toEqual(['True', 'Ready', undefined])
  })
})
