/** Helpers that make the schemas of Kubernetes' own kinds. */
import type { StructuralSchema } from '../../../src/resources/types.ts'

/** The schema of a string. */
export const text = (description: string): StructuralSchema => ({ type: 'string', description })
/** The schema of a boolean. */
export const flag = (description: string): StructuralSchema => ({ type: 'boolean', description })
/** The schema of an integer. */
export const count = (description: string): StructuralSchema => ({ type: 'integer', format: 'int32', description })
/** The schema of a time. */
export const time = (description: string): StructuralSchema => ({ type: 'string', format: 'date-time', description })
/** The schema of a map of strings. */
export const textMap = (description: string): StructuralSchema => ({
  type: 'object',
  description,
  additionalProperties: { type: 'string' },
})
/** The schema of a list. */
export const listOf = (items: StructuralSchema, description: string): StructuralSchema => ({
  type: 'array',
  description,
  items,
})
/** The schema of an object with these fields. */
export const fields = (description: string, properties: Record<string, StructuralSchema>): StructuralSchema => ({
  type: 'object',
  description,
  properties,
})

/** The schema of a kind: its own fields, and those that every object has. */
export const kindSchema = (description: string, own: Record<string, StructuralSchema>): StructuralSchema =>
  fields(description, {
    apiVersion: text('The version of this schema.'),
    kind: text('The kind of object that this is.'),
    metadata: { type: 'object', description: "Standard object's metadata." },
    ...own,
  })
