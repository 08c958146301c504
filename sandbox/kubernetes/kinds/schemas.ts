/** Helpers that make the schemas of Kubernetes' own kinds. */
import type { StructuralSchema } from '../../../src/resources/types.ts'

export const text = (description: string): StructuralSchema => ({ type: 'string', description })
export const flag = (description: string): StructuralSchema => ({ type: 'boolean', description })
export const count = (description: string): StructuralSchema => ({ type: 'integer', format: 'int32', description })
export const time = (description: string): StructuralSchema => ({ type: 'string', format: 'date-time', description })
export const textMap = (description: string): StructuralSchema => ({
  type: 'object',
  description,
  additionalProperties: { type: 'string' },
})
export const listOf = (items: StructuralSchema, description: string): StructuralSchema => ({
  type: 'array',
  description,
  items,
})
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
