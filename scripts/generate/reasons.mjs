// The reasons of a kind's conditions, from the one table that knows them.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { transform } from 'esbuild'

const TABLE = join(import.meta.dirname, '../../src/resources/reasons.ts')

/** Condition → reason → meaning. */
export async function reasonsOf(kind) {
  const { code } = await transform(await readFile(TABLE, 'utf8'), { loader: 'ts', format: 'esm' })
  const { REASONS } = await import(`data:text/javascript;base64,${Buffer.from(code).toString('base64')}`)
  return REASONS[kind]
}
