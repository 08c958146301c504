/** Namespaces, with the label of their name and the finalizer in their spec. */
import { builtIn, type Kind } from '../model/kind.ts'
import { at, type KubeObject } from '../model/objects.ts'
import type { Cause } from '../model/api-errors.ts'
import { ageColumn, column, nameColumn } from './columns.ts'
import { fields, kindSchema, listOf, text, time } from './schemas.ts'

const NAME_LABEL = 'kubernetes.io/metadata.name'

const condition = fields('One finding.', {
  type: text('What it is about.'),
  status: text('Whether it holds.'),
  lastTransitionTime: time('When its status last changed.'),
  reason: text('Why, in one word.'),
  message: text('Why, in a sentence.'),
})

/** The kind Namespace. */
export const namespaces: Kind = builtIn({
  group: '',
  version: 'v1',
  kind: 'Namespace',
  plural: 'namespaces',
  shortNames: ['ns'],
  namespaced: false,
  collection: 'namespaces',
  hasStatus: true,
  unconditionalUpdate: true,
  fields: ['status.phase'],
  columns: [nameColumn, column('Status', (object) => String(at(object, 'status', 'phase'))), ageColumn],
  schema: kindSchema('Namespace provides a scope for Names.', {
    spec: fields('Spec defines the behavior of the Namespace.', {
      finalizers: listOf({ type: 'string' }, 'What must be done before the Namespace is removed.'),
    }),
    status: fields('Status describes the current status of a Namespace.', {
      phase: text('Phase is the current lifecycle phase of the namespace.'),
      conditions: listOf(condition, 'The latest findings.'),
    }),
  }),
  rules: {
    prepare,
    check: nameIsLabel,
    keep: ({ metadata }) =>
      ['default', 'kube-system'].includes(metadata.name) ? 'this namespace may not be deleted' : undefined,
    markDeleted: (object) => ({ ...object, status: { ...(object.status as object), phase: 'Terminating' } }),
  },
})

function nameIsLabel({ metadata: { name } }: KubeObject): Cause[] {
  if (name.length <= 63 && !name.includes('.')) return []
  const message = `Invalid value: "${name}": must be no more than 63 characters, and without dots`
  return [{ reason: 'FieldValueInvalid', message, field: 'metadata.name' }]
}

function prepare(object: KubeObject, old: KubeObject | undefined): KubeObject {
  const { metadata } = object
  return {
    ...object,
    metadata: { ...metadata, labels: { ...metadata.labels, [NAME_LABEL]: metadata.name } },
    spec: old ? old.spec : { finalizers: ['kubernetes'] },
    status: old ? object.status : { phase: 'Active' },
  }
}
