/** What an integration says about its site, and which Agents that concerns. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { integrationOf } from '../memory/objects.ts'
import { PLAIN } from '../agent/support/one-agent.ts'
import { IS_DOWN, KEY, MINUTE, OneIntegration, REFUSES, SECOND } from './support/one-integration.ts'

const OTHER = 'other/second'

let google: OneIntegration

beforeEach(() => {
  google = new OneIntegration()
  google.add(OTHER)
})

afterEach(() => google.end())

describe('a host that two namespaces name', () => {
  test('is that of the older integration; the other one is not ready, and has no pages', async () => {
    await google.reconcile()
    expect(await google.reconcile(OTHER)).toEqual({
      kind: 'blocked',
      reason: 'SiteConflict',
      checkAgainIn: 5 * MINUTE,
    })
    expect(google.condition('SiteAccepted')).toMatchObject({ status: 'True', reason: 'Accepted' })
    expect(google.condition('SiteAccepted', OTHER)).toMatchObject({ status: 'False', reason: 'SiteConflict' })
    expect(google.condition('Ready', OTHER)).toMatchObject({ status: 'False', reason: 'SiteConflict' })
    expect(google.condition('Stalled', OTHER)?.status).toBe('True')
    expect(google.condition('Ready', OTHER)?.message).toMatch(/booking\.example\.com.*--sites/)
    // Nothing about whose it is.
    expect(google.condition('Ready', OTHER)?.message).not.toContain('namespace booking')
  })

  test('does not keep Agents that have a grant from being read', async () => {
    await google.reconcile()
    await google.reconcile(OTHER)
    expect(google.told(OTHER)).toMatchObject({ ready: true, siteAccepted: false, siteRefused: true })
    expect(google.told()).toMatchObject({ ready: true, siteAccepted: true, siteRefused: false })
  })

  test('is decided soon while Google has not answered about the older integration', async () => {
    const outcome = await google.reconcile(OTHER)
    expect(google.condition('CredentialsValid', OTHER)?.status).toBe('True')
    expect(google.condition('SiteAccepted', OTHER)).toMatchObject({ status: 'Unknown', reason: 'NotYetKnown' })
    expect(google.condition('Reconciling', OTHER)?.status).toBe('True')
    expect(outcome).toEqual({ kind: 'wait', reason: 'NotYetKnown', for: SECOND })
    expect(google.told(OTHER)).toMatchObject({ ready: true, siteAccepted: false, siteRefused: false })
    await google.world.clock.advance(10 * SECOND)
    await google.reconcile(OTHER)
    expect(google.condition('Ready', OTHER)).toMatchObject({ status: 'True' })
  })

  test('stays that of the namespace whose credentials are refused later, also after a restart', async () => {
    await google.reconcile()
    await google.reconcile(OTHER)
    google.answerTokens(REFUSES('invalid_client'))
    google.request('now')
    await google.reconcileAfter(MINUTE)
    expect(google.condition('SiteAccepted')?.status).toBe('True')
    google.world.restart()
    await google.reconcile()
    expect(google.condition('SiteAccepted')?.status).toBe('True')
    google.world.restart()
    google.answerAgain()
    await google.reconcile(OTHER)
    expect(google.condition('SiteAccepted', OTHER)?.reason).toBe('SiteConflict')
  })

  test('goes to the other namespace once no integration of the first names it', async () => {
    await google.reconcile()
    await google.reconcile(OTHER)
    google.world.remove(google.object())
    expect(await google.reconcile()).toEqual({ kind: 'done', checkAgainIn: undefined })
    await google.reconcile(OTHER)
    expect(google.condition('SiteAccepted', OTHER)?.reason).toBe('Accepted')
    expect(google.condition('Ready', OTHER)?.status).toBe('True')
  })

  test('is free while an integration that names it has no good credentials', async () => {
    google.answerTokens(REFUSES('invalid_client'))
    await google.reconcile()
    expect(google.condition('SiteAccepted')).toMatchObject({ status: 'Unknown', reason: 'NotYetKnown' })
    // What a person has to fix is reported before what is not known yet.
    expect(google.condition('Ready')?.reason).toBe('InvalidClient')
  })

  test('is said to be another’s before a Secret that is only missing', async () => {
    await google.reconcile()
    await google.reconcile(OTHER)
    google.world.remove({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'google-oauth-client', namespace: 'other' },
    })
    await google.reconcile(OTHER)
    expect(google.condition('CredentialsValid', OTHER)?.reason).toBe('SecretNotFound')
    expect(google.condition('Ready', OTHER)).toMatchObject({ status: 'False', reason: 'SiteConflict' })
  })

  test('is said to be another’s before the Calendar API that is switched off', async () => {
    await google.reconcile()
    await google.reconcile(OTHER)
    google.world.registry.report(OTHER, { api: 'Disabled' })
    await google.reconcile(OTHER)
    expect(google.condition('CalendarAPIEnabled', OTHER)?.reason).toBe('APIDisabled')
    expect(google.condition('Ready', OTHER)?.reason).toBe('SiteConflict')
  })
})

test('an integration that is made again has the host of its namespace, before its credentials are verified', async () => {
  await google.reconcile()
  await google.reconcile(OTHER)
  google.world.remove(google.object())
  const again = integrationOf(PLAIN)
  google.world.put({
    ...again,
    metadata: { ...again.metadata, name: 'again', creationTimestamp: '2026-11-23T11:00:00Z' },
  })
  await google.reconcile(OTHER)
  expect(google.condition('SiteAccepted', OTHER)?.reason).toBe('SiteConflict')
  await google.reconcile(KEY)
  google.answerTokens(IS_DOWN)
  await google.reconcile('booking/again')
  expect(google.condition('SiteAccepted', 'booking/again')?.reason).toBe('Accepted')
})
