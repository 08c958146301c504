import { readdirSync, readFileSync } from 'node:fs'
import { beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { CUSTOM_KINDS } from '../../src/kubernetes/kinds.ts'
import { crds } from '../../src/resources/generated/crds.ts'
import { createValidator } from '../../src/resources/validate.ts'
import { createHealth, type Health } from '../support/argocd.ts'

const FOLDER = 'deploy/argocd'
const read = (file: string): string => readFileSync(`${FOLDER}/${file}`, 'utf8')

interface Case {
  inputPath: string
  healthStatus: Health
}
const { tests: cases } = parse(read('health_test.yaml')) as { tests: Case[] }
const objectOf = ({ inputPath }: Case) => parse(read(inputPath)) as { kind: string }

let health: (object: object) => Promise<Health>

beforeAll(async () => {
  health = await createHealth()
})

describe('the health that Argo CD shows', () => {
  test.each(cases.map((one) => [one.inputPath, one] as const))('of %s is as the case says', async (_path, one) => {
    expect({ ...(await health(objectOf(one))) }).toEqual(one.healthStatus)
  })

  test('has cases for each answer, for every kind, and no file that is no case', () => {
    const answers = new Set(cases.map((one) => `${objectOf(one).kind} ${one.healthStatus.status}`))
    for (const kind of CUSTOM_KINDS) {
      for (const status of ['Healthy', 'Progressing', 'Degraded', 'Suspended'])
        expect(answers).toContain(`${kind} ${status}`)
    }
    const files = readdirSync(`${FOLDER}/testdata`).map((file) => `testdata/${file}`)
    expect(files.sort()).toEqual(cases.map(({ inputPath }) => inputPath).sort())
  })

  test.each(cases.map((one) => [one.inputPath, one] as const))(
    'is tried on objects that could be: %s',
    (_path, one) => {
      const object = objectOf(one)
      const crd = crds.find(({ spec }) => spec.names.kind === object.kind)
      const validator = createValidator(crd!)
      expect([
        ...validator.unknownFields(object as never),
        ...validator.problems(validator.default(object as never)),
      ]).toEqual([])
    },
  )

  test('goes by the status of a condition, not by its being there', async () => {
    const conditions = [
      { type: 'Stalled', status: 'False' },
      { type: 'Reconciling', status: 'False' },
      { type: 'Ready', status: 'True', message: 'fine' },
    ]
    const object = { metadata: { generation: 1 }, spec: {}, status: { observedGeneration: 1, conditions } }
    expect((await health(object)).status).toBe('Healthy')
  })
})

describe('the ConfigMap for Argo CD', () => {
  const { data } = parse(read('argocd-cm.yaml')) as { data: Record<string, string> }

  test('has the script, word for word, for every kind that we define', () => {
    const keys = crds.map(({ spec }) => `resource.customizations.health.${spec.group}_${spec.names.kind}`)
    expect(Object.keys(data).sort()).toEqual(keys.sort())
    for (const script of Object.values(data)) expect(script).toBe(read('health.lua'))
  })
})
