/** Manifests that must be accepted. The same list is tried on a real API server. */
import { acceptedBookings } from './booking-cases.ts'
import { google, site, selector } from './cases.ts'
import { agent, integration, type Json } from './manifests.ts'

export const accepted: { name: string; object: Json }[] = [
  { name: 'as little of an integration as will do', object: integration() },
  { name: 'as little of an agent as will do', object: agent() },
  { name: 'a site with a port', object: site('https://booking.example.com:8443') },
  { name: 'a site on localhost', object: site('http://localhost:3000') },
  { name: 'a site on localhost with TLS', object: site('https://localhost') },
  { name: 'a site on a loopback address', object: site('http://127.0.0.1:8080') },
  { name: 'a site on a loopback address with TLS', object: site('https://127.0.0.1:8443') },
  { name: 'a site on the loopback address of IPv6', object: site('http://[::1]:8080') },
  { name: 'a site on a host of digits and letters', object: site('https://1.2.3.4a.example') },
  { name: 'a site on the last port', object: site('https://booking.example.com:65535') },
  { name: 'an Internal app', object: google({ userType: 'Internal' }) },
  { name: 'a published app', object: google({ publishingStatus: 'InProduction' }) },
  { name: 'the shortest times', object: integration({ sync: { interval: '10s', fullSyncInterval: '30s' } }) },
  { name: 'the longest times', object: integration({ sync: { interval: '24h', fullSyncInterval: '168h' } }) },
  { name: 'a time in seconds', object: integration({ sync: { interval: '86400s' } }) },
  { name: 'a time in three units', object: integration({ sync: { interval: '1h30m15s' } }) },
  { name: 'the widest window', object: integration({ sync: { window: { pastDays: 30, futureDays: 365 } } }) },
  { name: 'the narrowest window', object: integration({ sync: { window: { pastDays: 0, futureDays: 1 } } }) },
  {
    name: 'the smallest quota',
    object: integration({ quota: { requestsPerMinute: 1, requestsPerMinutePerAgent: 1 } }),
  },
  { name: 'the largest quota', object: integration({ quota: { requestsPerMinute: 1_000_000 } }) },
  { name: 'an empty selector', object: integration({ allowedNamespaces: { from: 'Selector', selector: {} } }) },
  {
    name: 'a selector by name',
    object: selector({ key: 'kubernetes.io/metadata.name', operator: 'In', values: ['a'] }),
  },
  { name: 'a selector by presence', object: selector({ key: 'team', operator: 'Exists', values: [] }) },
  { name: 'an account in capitals', object: agent({ account: 'Alice.O+x@Example.COM' }) },
  {
    name: 'a calendar of holidays',
    object: agent({ calendars: { read: ['en.german#holiday@group.v.calendar.google.com'] } }),
  },
  {
    name: 'full detail in a Secret',
    object: agent({ publish: { calendar: { kind: 'Secret', name: 'c', detail: 'Full' } } }),
  },
  {
    name: 'a ConfigMap named like a Secret',
    object: agent({ publish: { calendar: { name: 'one' }, accessToken: { name: 'one' } } }),
  },
  {
    name: 'a calendar and a token named almost like what is kept for the operator',
    object: agent({
      publish: { calendar: { name: 'google-grant' }, accessToken: { name: 'calendar-operator-keys-2' } },
    }),
  },
  { name: 'an access token and nothing else', object: agent({ publish: { accessToken: { name: 'token' } } }) },
  { name: 'a long staleness', object: agent({ publish: { staleAfter: '720h' } }) },
  { name: 'an agent of the longest name', object: agent({}, { name: 'a'.repeat(240) }) },
  { name: 'a name that is to be generated', object: agent({}, { name: undefined, generateName: 'alice-' }) },
  ...acceptedBookings,
]
