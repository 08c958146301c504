import type { KubernetesObject } from '../../../src/kubernetes/port.ts'
import type { Agent, CalendarIntegration } from '../../../src/resources/types.ts'

const META = { namespace: 'booking', uid: 'uid-1', resourceVersion: '1' }

/** A ConfigMap in `booking`, in version 1. */
export const thing = (name: string, metadata: Partial<KubernetesObject['metadata']> = {}): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { ...META, uid: `uid-${name}`, name, ...metadata },
})

export const agent = (name: string, spec: object = {}, metadata: Partial<Agent['metadata']> = {}): Agent => ({
  apiVersion: 'calendar-operator.io/v1alpha1',
  kind: 'Agent',
  metadata: { ...META, name, ...metadata },
  spec: {
    integrationRef: { name: 'google' },
    account: 'alice@example.com',
    calendars: { read: ['primary'] },
    publish: {},
    ...spec,
  } as Agent['spec'],
})

export const integration = (name: string): CalendarIntegration => ({
  apiVersion: 'calendar-operator.io/v1alpha1',
  kind: 'CalendarIntegration',
  metadata: { ...META, name },
  spec: {
    google: { clientSecretRef: { name: 'client' }, siteURI: 'https://booking.example.com' },
  } as CalendarIntegration['spec'],
})
