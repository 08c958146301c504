/**
 * Draws a CPU profile of the operator as a flame graph with the names of its sources:
 * `npx tsx bench/flame.ts --caption 'A restart' --to 10 dist/profiles/….cpuprofile > restart.svg` draws its first ten seconds. It reads
 * the source map beside the bundle.
 */
import { readFileSync } from 'node:fs'
import { SourceMap, type SourceMapping, type SourceMapPayload } from 'node:module'
import { parseArgs } from 'node:util'
import { drawn } from './flame/drawing.ts'
import { callsOf, within, type CallFrame, type CPUProfile, type Named } from './flame/profile.ts'

const MAP = 'dist/main.js.map'

const OPTIONS = {
  caption: { type: 'string', default: 'CPU time' },
  /** The part of the profile that is drawn, in seconds since its start. */
  from: { type: 'string', default: '0' },
  to: { type: 'string', default: 'Infinity' },
} as const

const { values, positionals } = parseArgs({ options: OPTIONS, allowPositionals: true })
const [file] = positionals
if (file === undefined)
  throw new Error('Name the profile: npx tsx bench/flame.ts [--caption TEXT] [--from S] [--to S] PROFILE')
const profile = within(JSON.parse(readFileSync(file, 'utf8')) as CPUProfile, Number(values.from), Number(values.to))
const map = new SourceMap(JSON.parse(readFileSync(MAP, 'utf8')) as SourceMapPayload)

/** Node gives the original name, too, which its types leave out. */
type Mapping = SourceMapping & { name: string }

/** `src/agent/reconcile.ts` and packages as in the repository; Node's own modules keep their names. */
const named: Named = ({ functionName: name, url, lineNumber, columnNumber }: CallFrame) => {
  if (!url.startsWith('file:')) return { name: name || '(anonymous)', origin: url }
  const found: Partial<Mapping> = map.findEntry(lineNumber, columnNumber)
  if (found.originalSource === undefined) return { name, origin: 'main.js' }
  const origin = found.originalSource.replace(/^.*(?=src\/|node_modules\/)/, '').replace('node_modules/', '')
  return { name: found.name || name || `${origin.split('/').at(-1) ?? ''}:${(found.originalLine ?? 0) + 1}`, origin }
}

process.stdout.write(drawn(callsOf(profile, named), values.caption))
