/** The manifests of a journey as a user writes them, without defaults. */
import { GROUP_VERSION } from '../../../src/resources/names.ts'

type Manifest = { apiVersion: string; kind: string; metadata: { name: string; namespace?: string }; spec: object }

/** Without push unless `spec.sync` names it: the journeys count requests and writes. */
export const integrationManifest = (
  { sync, ...spec }: Record<string, unknown> = {},
  google: object = {},
): Manifest => ({
  apiVersion: GROUP_VERSION,
  kind: 'CalendarIntegration',
  metadata: { name: 'google' },
  spec: {
    google: {
      clientSecretRef: { name: 'google-oauth-client', key: 'client_secret.json' },
      siteURI: 'https://booking.example.com',
      userType: 'External',
      publishingStatus: 'Testing',
      ...google,
    },
    sync: { push: 'Disabled', ...(sync as object | undefined) },
    ...spec,
  },
})

export const agentManifest = (name: string, spec: Record<string, unknown> = {}): Manifest => ({
  apiVersion: GROUP_VERSION,
  kind: 'Agent',
  metadata: { name },
  spec: {
    integrationRef: { name: 'google' },
    account: `${name}@example.com`,
    grantSecretRef: { name: `${name}-grant` },
    publish: { calendar: { name: `${name}-calendar` } },
    ...spec,
  },
})
