/**
 * What stands published, as it is remembered: its text deflated, because it is looked at only when something has changed, and
 * with thousands of agents it would be most of what is remembered at all.
 */
import { deflateRawSync, inflateRawSync } from 'node:zlib'
import type { Published } from './state.ts'

/** The values of our keys, as text. */
export type Data = Record<string, string>

export function published(at: Pick<Published, 'kind' | 'name' | 'resourceVersion'>, data: Data): Published {
  const { kind, name, resourceVersion } = at
  // Copied, since zlib answers a small piece of a large buffer.
  return { kind, name, resourceVersion, packed: new Uint8Array(deflateRawSync(JSON.stringify(data), { level: 1 })) }
}

export const dataOf = ({ packed }: Published): Data => JSON.parse(inflateRawSync(packed).toString('utf8')) as Data
