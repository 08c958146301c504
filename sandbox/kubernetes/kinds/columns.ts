/** Printer columns that several kinds share. */
import { ageAt } from '../model/human-duration.ts'
import type { Cell, Column } from '../model/kind.ts'
import type { KubeObject } from '../model/objects.ts'

/** The column of names. */
export const nameColumn: Column = {
  name: 'Name',
  type: 'string',
  format: 'name',
  description: 'Name must be unique within a namespace.',
  cell: ({ metadata }) => metadata.name,
}

/** The column of ages. */
export const ageColumn: Column = {
  name: 'Age',
  type: 'string',
  description: 'How long ago it was created.',
  cell: ({ metadata }, now) => ageAt(metadata.creationTimestamp, now),
}

/** Makes a column of texts. */
export const column = (name: string, cell: (object: KubeObject, now: number) => Cell): Column => ({
  name,
  type: 'string',
  cell,
})

/** Makes a column that only `-o wide` shows. */
export const wide = (one: Column): Column => ({ ...one, priority: 1 })
