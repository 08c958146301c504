/** The example role of a booking site, asked of a real API server: what the site may do, and what it may not. */
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { booking, type Json } from '../resources/manifests.ts'
import { startRealKubernetes, type RealKubernetes } from './cluster.ts'

const SITE = 'system:serviceaccount:booking:booking-site'

let kubernetes: RealKubernetes

beforeAll(async () => {
  kubernetes = await startRealKubernetes()
  await kubernetes.kubectl('create', 'namespace', 'booking')
  await kubernetes.apply(...exampleRole())
})
afterAll(() => kubernetes.stop())

/** The objects of the example, with the namespace that kustomize gives them. */
function exampleRole(): Json[] {
  return parseAllDocuments(readFileSync('examples/booking-site/role.yaml', 'utf8')).map((document) => {
    const { metadata, subjects, ...object } = document.toJS() as { metadata: Json; subjects?: Json[] }
    const bound = subjects && { subjects: subjects.map((one) => ({ ...one, namespace: 'booking' })) }
    return { ...object, metadata: { ...metadata, namespace: 'booking' }, ...bound }
  })
}

const may = async (question: string, namespace = 'booking'): Promise<string> =>
  (
    await kubernetes.kubectl('auth', 'can-i', ...question.split(' '), '-n', namespace, '--as', SITE).catch(() => 'no')
  ).trim()

describe('a booking site', () => {
  test.each([
    'create bookings.calendar-operator.io',
    'watch bookings.calendar-operator.io',
    'delete bookings.calendar-operator.io',
    'get configmaps/alice-calendar',
  ])('may %s', async (question) => {
    expect(await may(question)).toBe('yes')
  })

  test.each([
    'update bookings.calendar-operator.io',
    'patch bookings.calendar-operator.io',
    'patch bookings.calendar-operator.io --subresource=status',
    'get agents.calendar-operator.io',
    'get configmaps/bob-calendar',
    'get secrets',
  ])('may not %s', async (question) => {
    expect(await may(question)).toBe('no')
  })

  test('may do nothing in another namespace', async () => {
    expect(await may('create bookings.calendar-operator.io', 'default')).toBe('no')
  })

  test('deletes a Booking', async () => {
    const as = ['--as', SITE, '-n', 'booking']
    await kubernetes.apply(booking())
    await kubernetes.kubectl('delete', 'booking', 'viewing', '--wait=false', ...as)
    await expect(kubernetes.kubectl('get', 'booking', 'viewing', '-n', 'booking')).rejects.toThrow('NotFound')
  })
})
