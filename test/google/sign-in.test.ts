import { describe, expect, it } from 'vitest'
import { parseClientSecret } from '../../src/google/client-file.ts'
import { signInOf, type SignIn } from '../../src/google/sign-in.ts'

const SITE = 'https://booking.example.com'
const CALLBACK = 'https://booking.example.com/google-calendar/callback'
const ID = { client_id: '1-a.apps.googleusercontent.com', client_secret: 'GOCSPX-x' }

function signIn(data: Record<string, string>, siteURI = SITE): SignIn {
  const parsed = parseClientSecret(data, { secretName: 'google' })
  if ('reason' in parsed) throw new Error(parsed.message)
  return signInOf(parsed, siteURI)
}
const withFile = (registered: object): Record<string, string> => ({
  'client_secret.json': JSON.stringify({ web: { ...ID, ...registered } }),
})

describe('how people sign in', () => {
  it.each<[string, object, SignIn['mode'], SignIn['registered']]>([
    ['our redirect URI', { redirect_uris: ['https://other.example', CALLBACK] }, 'Redirect', 'yes'],
    ['both', { redirect_uris: [CALLBACK], javascript_origins: [SITE] }, 'Redirect', 'yes'],
    ['our origin only', { javascript_origins: [SITE] }, 'Popup', 'yes'],
    [
      'our origin, and another redirect URI',
      { redirect_uris: [`${CALLBACK}/`], javascript_origins: [SITE] },
      'Popup',
      'yes',
    ],
    ['nothing', {}, 'Redirect', 'no'],
    ['lists that are none', { redirect_uris: null, javascript_origins: 'x' }, 'Redirect', 'no'],
    ['others only', { redirect_uris: [SITE], javascript_origins: ['http://booking.example.com'] }, 'Redirect', 'no'],
    ['a redirect URI in other case', { redirect_uris: [CALLBACK.replace('b', 'B')] }, 'Redirect', 'no'],
  ])('by a file that registers %s', (_, registered, mode, known) => {
    expect(signIn(withFile(registered))).toEqual({
      mode,
      redirectURI: CALLBACK,
      javascriptOrigin: SITE,
      registered: known,
    })
  })

  it('by an id and a secret alone is not known, and taken for a redirect', () => {
    expect(signIn(ID)).toMatchObject({ mode: 'Redirect', registered: 'unknown' })
  })

  it('keeps a port', () => {
    const site = 'http://localhost:8080'
    expect(signIn(withFile({ javascript_origins: [site] }), site)).toEqual({
      mode: 'Popup',
      redirectURI: 'http://localhost:8080/google-calendar/callback',
      javascriptOrigin: site,
      registered: 'yes',
    })
  })
})
