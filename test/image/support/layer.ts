/** What a layer of an image holds. */
import { run } from './tools.ts'

export interface Entry {
  /** Without a leading `./` or a trailing slash; the root is empty. */
  path: string
  /** As `ls -l` shows it: `-rw-r--r--`. */
  mode: string
  /** Numbers: `0/0`. */
  owner: string
  /** Seconds since 1970. */
  time: number
}

/** By what tar says of it, so that rights, owners and times are those that a runtime will see. */
export function entriesOf(layer: string): Entry[] {
  const lines = run('tar', ['--list', '--verbose', '--numeric-owner', '--full-time', '--utc', '-f', layer])
  return lines.trimEnd().split('\n').map(entryOf)
}

function entryOf(line: string): Entry {
  const [, mode = '', owner = '', day = '', clock = '', path = ''] =
    /^(\S+)\s+(\S+)\s+\d+\s+(\S+)\s+(\S+)\s+(.*)$/.exec(line) ?? []
  return { path: path.replace(/^\.?\/|\/$/g, ''), mode, owner, time: Date.parse(`${day}T${clock}Z`) / 1000 }
}

export function fileOf(layer: string, path: string): string {
  const member = run('tar', ['--list', '-f', layer])
    .split('\n')
    .find((name) => name.replace(/^\.?\//, '') === path)
  if (member === undefined) throw new Error(`the layer has no ${path}`)
  return run('tar', ['--extract', '--to-stdout', '-f', layer, member])
}

/** All of it as text, unpacked; for searches. */
export function textOf(layer: string): string {
  return run('sh', ['-c', 'gzip --decompress --stdout --force "$0"', layer])
}
