/** Validated manifests, and how remarks name them. Pure. */
import type { Path } from '../resources/problems.ts'
import type { CustomObject } from '../resources/types.ts'
import type { Manifest, Remark } from './documents.ts'

/** A manifest of one of the operator's kinds. */
export interface ValidatedManifest {
  manifest: Manifest
  kind: string
  /** Empty if the manifest does not set it. */
  namespace: string
  name: string
  /** The object with its defaults; undefined if it is not valid. */
  object: CustomObject | undefined
}

/** A manifest of a valid object. */
export type ValidManifest = ValidatedManifest & { object: CustomObject }

/** A remark about the value at a path of a manifest. */
export const remark = (one: ValidatedManifest, at: Path, level: Remark['level'], text: string): Remark => ({
  file: one.manifest.file,
  line: one.manifest.lineOf(at),
  level,
  text: at.length === 0 ? text : `${at.join('.')}: ${text}`,
})

/** Two manifests with the same identity describe one object. */
export const identity = ({ kind, namespace, name }: ValidatedManifest): string => `${kind} ${namespace}/${name}`

/** An object as a remark names it: `Agent booking/alice`. */
export const title = ({ kind, namespace, name }: ValidatedManifest): string =>
  `${kind} ${namespace === '' ? '' : `${namespace}/`}${name}`

/** Where a manifest begins: `a.yaml:10`. */
export const location = (one: ValidatedManifest): string => `${one.manifest.file}:${one.manifest.lineOf([])}`
