/** The objects of a bench: one namespace, one integration, and for each account an Agent and the Secret with its grant. */

/** The site of the sign-in pages. Nothing in a bench connects to it by name. */
export const SITE = 'https://bench.example.com'

const base64 = (text: string): string => Buffer.from(text).toString('base64')

/** An object, and the API path that it is posted to. */
export interface Posted {
  path: string
  object: object
}

/** Returns the objects of a bench for these accounts. */
export function manifestsOf(
  namespace: string,
  {
    clientFile,
    interval,
    signIn,
    publish,
    staleAfter,
    integration,
    write,
  }: {
    clientFile: string
    interval: string
    signIn?: boolean
    /** More fields of `spec.publish.calendar`. */
    publish?: object
    staleAfter?: string
    /** More fields of `spec` of the integration. */
    integration?: object
    write?: boolean
  },
  accounts: { email: string; refreshToken?: string; calendars?: string[] }[],
): Posted[] {
  const secret = (name: string, data: Record<string, string>): Posted => ({
    path: `/api/v1/namespaces/${namespace}/secrets`,
    object: { apiVersion: 'v1', kind: 'Secret', metadata: { name }, data },
  })
  const ours = (plural: string, kind: string, name: string, spec: object): Posted => ({
    path: `/apis/calendar-operator.io/v1alpha1/namespaces/${namespace}/${plural}`,
    object: { apiVersion: 'calendar-operator.io/v1alpha1', kind, metadata: { name }, spec },
  })
  const clientSecretRef = { name: 'google-oauth-client' }
  const google = { clientSecretRef, siteURI: SITE, userType: 'Internal' }
  return [
    { path: '/api/v1/namespaces', object: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } } },
    secret('google-oauth-client', { 'client_secret.json': base64(clientFile) }),
    ours('calendarintegrations', 'CalendarIntegration', 'google', { google, sync: { interval }, ...integration }),
    ...accounts.flatMap(({ email, refreshToken = '', calendars }, n) => [
      ...(signIn ? [] : [secret(`agent${n}-grant`, { refresh_token: base64(refreshToken) })]),
      ours('agents', 'Agent', `agent${n}`, {
        integrationRef: { name: 'google' },
        account: email,
        ...(calendars || write
          ? { calendars: { ...(calendars && { read: calendars }), ...(write && { write: 'primary' }) } }
          : {}),
        ...(signIn ? {} : { grantSecretRef: { name: `agent${n}-grant` } }),
        publish: { calendar: { name: `agent${n}-calendar`, ...publish }, ...(staleAfter && { staleAfter }) },
      }),
    ]),
  ]
}
