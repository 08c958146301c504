import { setFlagsFromString } from 'node:v8'
import { runInThisContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { stripped, WATCHED } from '../../src/kubernetes/kinds.ts'
import type { KubernetesObject } from '../../src/kubernetes/port.ts'

const OWN = 'calendar-operator.io/supplied-version'
const AGENT = 'calendar-operator.io/agent'

/** A Secret as the API server sends it. */
const parsed = (name: string, annotations?: Record<string, string>): KubernetesObject =>
  JSON.parse(
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name, namespace: 'booking', uid: name, resourceVersion: '1', annotations, managedFields: [{}] },
    }),
  ) as KubernetesObject

const haveSameMap = (a: object, b: object): boolean => {
  setFlagsFromString('--allow-natives-syntax')
  return (runInThisContext('(a, b) => %HaveSameMap(a, b)') as typeof haveSameMap)(a, b)
}

describe('the part of an object that is stored', () => {
  it('has our annotations, and no fields of other programs', () => {
    const { metadata } = stripped(
      parsed('anna', { [OWN]: '1', 'kubectl.kubernetes.io/last-applied-configuration': '{}' }),
    )
    expect(metadata).toEqual({
      ...{ name: 'anna', namespace: 'booking', uid: 'anna', resourceVersion: '1' },
      annotations: { [OWN]: '1' },
    })
    expect(stripped(parsed('ben', { other: '1' })).metadata.annotations).toBeUndefined()
  })

  it('needs no hidden class of its own for each object', () => {
    const [one, other] = [stripped(parsed('anna', { [OWN]: '1' })), stripped(parsed('ben', { [OWN]: '2' }))]
    expect(haveSameMap(one.metadata, other.metadata)).toBe(true)
    expect(haveSameMap(one.metadata, stripped(parsed('carl')).metadata)).toBe(true)
  })
})

describe('what is stored of a Secret', () => {
  const { strip } = WATCHED.secrets

  it('is what identifies it, and whose it is', () => {
    const secret = { ...parsed('anna', { [OWN]: '1', [AGENT]: 'anna' }), data: { token: 'c2VjcmV0' } }
    expect(strip(secret)).toEqual({
      ...{ apiVersion: 'v1', kind: 'Secret' },
      metadata: {
        ...{ name: 'anna', namespace: 'booking', uid: 'anna', resourceVersion: '1' },
        annotations: { [AGENT]: 'anna' },
      },
    })
    expect(strip(parsed('ben', { [OWN]: '1' })).metadata.annotations).toBeUndefined()
  })

  it('needs no hidden class of its own for each Secret', () => {
    const [one, other] = [strip(parsed('anna', { [AGENT]: 'anna' })), strip(parsed('ben'))]
    expect(haveSameMap(one.metadata, other.metadata)).toBe(true)
  })
})
