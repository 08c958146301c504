/** What is known of an agent's published objects between two reconciles. */
import type { DocumentHeader } from '../calendar/document-header.ts'

/** What a published document says of itself, but for whose it is. */
export type Stamps = Omit<DocumentHeader, 'agent'>

/** The published calendar as it stands in the cluster. */
export interface Published {
  kind: 'ConfigMap' | 'Secret'
  name: string
  resourceVersion: string
  /** Its text: see `published.ts`. */
  packed: Uint8Array
  /** Somebody else has changed it, and nothing of ours was written over that yet. */
  isEdited?: boolean
  /** What the data says, once somebody has asked (`readHeader`). */
  said?: Said
}

/** What a published calendar says of itself; nothing of it where the text isn't whole. */
export interface Said {
  stamps?: Stamps
  busyIntervals?: number
}

/** The published objects of one agent. */
export interface PublicationState {
  /** Null where it is known that nothing of ours stands there. */
  published?: Published | null
  publishedToken?: Published | null
  /** By how much all that is to be published is too large, and what to do. */
  tooLarge?: string
  /** What the published calendar was last compared with: the same again needs no second look. */
  compared?: readonly unknown[]
}

/** The bytes that are kept of what is published. */
export const publishedBytes = ({ published }: PublicationState): number => published?.packed.length ?? 0
