import { describe, expect, it } from 'vitest'
import { asKubectl } from '../../src/resources/problems.ts'
import type { CustomResourceDefinition, StructuralSchema } from '../../src/resources/types.ts'
import { createValidator, type Validator } from '../../src/resources/validate.ts'
import { agent, integration, stored, validatorFor, type Json } from './manifests.ts'

/** A definition of our own making, for what our CRDs don't use. */
function made(spec: StructuralSchema): Validator {
  const crd: CustomResourceDefinition = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'things.example.com' },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { kind: 'Thing', listKind: 'ThingList', plural: 'things', singular: 'thing' },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: 'object', properties: { metadata: { type: 'object' }, spec } } },
        },
      ],
    },
  }
  return createValidator(crd)
}

const thing = (spec: unknown): Json => ({ kind: 'Thing', metadata: { name: 'one' }, spec })
const text = { type: 'string', maxLength: 20 }

describe('defaults', () => {
  it('are filled in at every depth, and nothing that was written is changed', () => {
    const object = stored(agent({ publish: { calendar: { name: 'c' } } }))
    expect(object.spec).toEqual({
      integrationRef: { name: 'google' },
      account: 'alice@example.com',
      calendars: { read: ['primary'] },
      busy: { tentative: 'Busy', allDay: 'Busy' },
      publish: {
        calendar: { name: 'c', kind: 'ConfigMap', detail: 'Busy', formats: ['JSON'] },
        staleAfter: '15m',
        whenStale: 'KeepLast',
      },
      deletionPolicy: 'Retain',
      suspend: false,
    })
    expect(object.status).toEqual({ observedGeneration: -1 })
  })

  it('take the place of a null, as in the API server', () => {
    expect(stored(integration({ suspend: null, sync: null }))).toEqual(stored(integration()))
  })

  it('leave out the publishing status, which an Internal app must not have', () => {
    expect(stored(integration()).spec).not.toHaveProperty('google.publishingStatus')
  })

  it('are copies: changing one object changes no other', () => {
    const one = stored(agent()) as { spec: { calendars: { read: string[] } } }
    one.spec.calendars.read.push('other')
    expect(stored(agent()).spec).toHaveProperty('calendars.read', ['primary'])
  })

  it('reach into lists', () => {
    const validator = made({
      type: 'object',
      properties: { list: { type: 'array', items: { type: 'object', properties: { a: { ...text, default: 'x' } } } } },
    })
    expect(validator.default(thing({ list: [{}, { a: 'y' }] }))).toEqual(thing({ list: [{ a: 'x' }, { a: 'y' }] }))
  })
})

describe('unknown fields', () => {
  const unknown = (object: Json): string[] =>
    validatorFor(object)
      .unknownFields(object)
      .map(({ path, message }) => `${path}: ${message}`)

  it('are dropped, and everything else is kept, metadata too', () => {
    const object = { ...agent({ surprise: 1 }, { labels: { a: 'b' }, anything: { goes: true } }), more: 1 }
    const kept = validatorFor(object).prune(object)
    expect(kept).toEqual(agent({}, { labels: { a: 'b' }, anything: { goes: true } }))
  })

  it('are named with what was probably meant', () => {
    const { spec, ...rest } = agent({ Account: 'a', publish: { stalesAfter: '1h' } })
    expect(unknown({ ...rest, spec: { ...(spec as Json), staleAfter: '5m', zzz: 1 }, stats: {} })).toEqual([
      'spec.Account: unknown field: did you mean account?',
      'spec.publish.stalesAfter: unknown field: did you mean staleAfter?',
      'spec.staleAfter: unknown field: it belongs at spec.publish.staleAfter',
      'spec.zzz: unknown field: leave it out',
      'stats: unknown field: did you mean status?',
    ])
  })

  it('do not guess where a field belongs when it could be one of several', () => {
    expect(unknown(agent({ name: 'x' }))).toEqual(['spec.name: unknown field: leave it out'])
  })

  it('are found by their own names only, never by what every object inherits', () => {
    const spec = JSON.parse('{"constructor": 1, "__proto__": {"a": 1}, "toString": "x"}') as Json
    const object = { ...agent(), spec }
    expect(unknown(object).map((line) => line.split(':')[0])).toEqual([
      'spec.constructor',
      'spec.__proto__',
      'spec.toString',
    ])
    expect(validatorFor(object).prune(object)).toEqual({ ...agent(), spec: {} })
  })
})

describe('metadata', () => {
  const lines = (metadata: unknown): string[] => {
    const object = { ...stored(agent()), metadata }
    return validatorFor(object).problems(object).map(asKubectl)
  }

  it('must have a name that can be one', () => {
    expect(lines({})).toEqual(['metadata.name: Required value: name or generateName is required'])
    expect(lines({ name: 'Alice' })).toHaveLength(1)
    expect(lines({ name: 'Alice' })[0]).toMatch(
      /^metadata\.name: Invalid value: "Alice": a lowercase RFC 1123 subdomain/,
    )
    expect(lines({ name: 'a'.repeat(254) })[0]).toMatch(/must be no more than 253 characters/)
    expect(lines({ name: 7 })[0]).toMatch(/^metadata\.name: Invalid value: "integer"/)
    expect(lines(undefined)).toEqual(['metadata: Required value'])
  })

  it('must have a namespace that can be one, if it has one', () => {
    expect(lines({ name: 'alice' })).toEqual([])
    expect(lines({ name: 'alice', namespace: 'a.b' })[0]).toMatch(
      /^metadata\.namespace: Invalid value: "a.b": a lowercase RFC 1123 label/,
    )
  })

  it('must have labels and annotations that are texts', () => {
    expect(lines({ name: 'alice', labels: { on: true }, annotations: { 'a.b/c': 1, d: '1' } })).toEqual([
      'metadata.labels.on: Invalid value: "boolean": must be of type string: "boolean"',
      'metadata.annotations[a.b/c]: Invalid value: "integer": must be of type string: "integer"',
    ])
  })
})

describe('rules', () => {
  it('see integers as CEL does, so that they can be counted with', () => {
    const validator = made({
      type: 'object',
      properties: { a: { type: 'integer' }, b: { type: 'array', items: { type: 'integer' } } },
      'x-kubernetes-validations': [{ rule: 'self.a + 1 == size(self.b) && self.b.all(x, x > 2)', message: 'no' }],
    })
    expect(validator.problems(thing({ a: 1, b: [3, 4] }))).toEqual([])
    expect(validator.problems(thing({ a: 1, b: [3, 2] })).map(asKubectl)).toEqual(['spec: Invalid value: "object": no'])
  })

  it('about a change are checked only if there is something to compare with', () => {
    const validator = made({
      type: 'object',
      properties: { a: { ...text, 'x-kubernetes-validations': [{ rule: 'self == oldSelf', message: 'a must stay' }] } },
    })
    expect(validator.problems(thing({ a: 'x' }))).toEqual([])
    expect(validator.problems(thing({ a: 'x' }), thing({}))).toEqual([])
    expect(validator.problems(thing({ a: 'x' }), thing({ a: 'x' }))).toEqual([])
    expect(validator.problems(thing({ a: 'x' }), thing({ a: 'y' })).map(asKubectl)).toEqual([
      'spec.a: Invalid value: "string": a must stay',
    ])
  })

  it('about a change follow the items of a map by their keys, and of other lists not at all', () => {
    const rules = [{ rule: 'self.v == oldSelf.v', message: 'v must stay' }]
    const items = { type: 'object', properties: { k: text, v: text }, 'x-kubernetes-validations': rules }
    const list = { type: 'array', items, 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['k'] }
    const [a1, a2, b1] = [
      { k: 'a', v: '1' },
      { k: 'a', v: '2' },
      { k: 'b', v: '1' },
    ]
    const asMap = made({ type: 'object', properties: { list } })
    expect(asMap.problems(thing({ list: [b1, a2] }), thing({ list: [a1] })).map(({ path }) => path)).toEqual([
      'spec.list[1]',
    ])
    const asList = made({ type: 'object', properties: { list: { type: 'array', items } } })
    expect(asList.problems(thing({ list: [a2] }), thing({ list: [a1] }))).toEqual([])
  })

  it('are not asked about a value that is broken, but about its neighbours they are', () => {
    const object = stored(integration({ suspend: 'no', sync: { interval: 'x' }, google: { siteURI: 7 } }))
    const problems = validatorFor(object).problems(object)
    expect(problems.map(({ path, kind }) => `${path} ${kind}`).sort()).toEqual([
      'spec.google.siteURI TypeInvalid',
      'spec.suspend TypeInvalid',
      'spec.sync.interval Invalid',
    ])
  })

  it('that cannot be evaluated are a problem, not a crash', () => {
    const validator = made({
      type: 'object',
      properties: { a: text },
      'x-kubernetes-validations': [{ rule: "self.a == 'x'", message: 'no' }],
    })
    expect(validator.problems(thing({})).map(asKubectl)).toEqual([
      'spec: Invalid value: "object": rule evaluation error: No such key: a',
    ])
  })

  it.each(['self.a ==', 'self.a + 1', 'nothing.here == 1', "'a' + 1 == 2"])(
    'that make no sense are refused: %s',
    (rule) => {
      expect(() => made({ type: 'object', properties: { a: text }, 'x-kubernetes-validations': [{ rule }] })).toThrow()
    },
  )
})

describe('lists', () => {
  it('that are maps have each key once', () => {
    const object = stored(agent())
    const condition = {
      type: 'Ready',
      status: 'True',
      reason: 'Ready',
      message: '',
      lastTransitionTime: '2026-11-23T10:00:00Z',
    }
    object.status = { conditions: [condition, { ...condition, status: 'False' }] }
    expect(validatorFor(object).problems(object).map(asKubectl)).toEqual([
      'status.conditions[1]: Duplicate value: {"type":"Ready"}',
    ])
  })
})

describe('a version', () => {
  it('that the definition does not have is an error of the program', () => {
    expect(() => createValidator({ metadata: { name: 'x' }, spec: { versions: [] } } as never, 'v2')).toThrow(
      'x has no version v2',
    )
  })
})
