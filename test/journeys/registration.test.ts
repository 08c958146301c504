/** What an integration's status says must be registered at Google for its sign-in pages. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { agentManifest, integrationManifest } from './support/manifests.ts'
import { startWorld, type World } from './support/world.ts'

const SITE = 'https://booking.example.com'
const CALLBACK = `${SITE}/google-calendar/callback`

let world: World

beforeEach(async () => {
  world = await startWorld()
})

afterEach(() => world.stop())

describe('what must be registered at Google', () => {
  const ID = { client_id: '', client_secret: '' }
  beforeEach(() => Object.assign(ID, { client_id: world.client.clientId, client_secret: world.client.clientSecret }))

  const registering = (lists: object): Record<string, string> => ({
    'client_secret.json': JSON.stringify({ web: { ...ID, ...lists } }),
  })

  test.each<[string, () => Record<string, string>, 'Redirect' | 'Popup', string | undefined]>([
    ['our redirect URI', () => registering({ redirect_uris: [CALLBACK] }), 'Redirect', undefined],
    ['our origin only', () => registering({ javascript_origins: [SITE] }), 'Popup', undefined],
    ['neither', () => registering({ redirect_uris: [`${SITE}/oauth`] }), 'Redirect', 'registers neither'],
    ['nothing', () => registering({}), 'Redirect', 'registers neither'],
    ['nothing that we know of', () => ID, 'Redirect', 'not known from an id and a secret'],
  ])('stands in the status where the client registers %s', async (_, values, mode, advice) => {
    await world.objects.delete('Secret', 'google-oauth-client')
    await world.objects.secret('google-oauth-client', values())
    await world.objects.apply(integrationManifest({}, { clientSecretRef: { name: 'google-oauth-client' } }))
    const integration = await world.until('the integration is ready', async () => {
      const found = await world.integration()
      return found.status?.conditions?.find(({ type }) => type === 'Ready')?.status === 'True' && found
    })
    expect(integration.status?.signIn).toEqual({ mode, redirectURI: CALLBACK, javascriptOrigin: SITE })
    const message = integration.status?.conditions?.find(({ type }) => type === 'CredentialsValid')?.message
    if (advice === undefined) expect(message).toBe('Google accepts the client id and its secret.')
    else {
      expect(message).toContain(advice)
      expect(message).toContain(`add ${CALLBACK} to the client's "Authorized redirect URIs"`)
    }
    expect(await world.objects.columns('CalendarIntegration', 'google')).toMatchObject({ 'Sign-In': mode })
  })

  test('follows the site and the file, without another verification of the client', async () => {
    await world.objects.secret('google-oauth-client', registering({ redirect_uris: [CALLBACK] }))
    await world.objects.apply(integrationManifest())
    await world.objects.apply(agentManifest('alice', { grantSecretRef: undefined }))
    await world.untilReason('alice', 'AwaitingSignIn')
    world.google.resetRequests()
    await world.objects.patch('CalendarIntegration', 'google', {
      spec: { google: { siteURI: 'https://other.example.com' } },
    })
    const seen = (what: string, mode: string, advised: boolean) =>
      world.until(what, async () => {
        const { status } = await world.integration()
        const message = status?.conditions?.find(({ type }) => type === 'CredentialsValid')?.message ?? ''
        return status?.signIn?.mode === mode && message.includes('registers neither') === advised
      })
    await seen('the other site is not registered', 'Redirect', true)
    await world.objects.secret(
      'google-oauth-client',
      registering({ javascript_origins: ['https://other.example.com'] }),
    )
    await seen('its origin is registered', 'Popup', false)
    expect(world.google.requests().byKind).toEqual({})
  })
})
