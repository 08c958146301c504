/**
 * Draws a CPU profile of the operator as a flame graph with the names of its sources:
 * `npx tsx bench/flame.ts dist/profiles/….cpuprofile "A restart" > restart.svg`. It reads the source map beside the bundle.
 */
import { readFileSync } from 'node:fs'
import { SourceMap, type SourceMapping, type SourceMapPayload } from 'node:module'
import { drawn } from './flame/drawing.ts'
import { callsOf, type CallFrame, type CPUProfile, type Named } from './flame/profile.ts'

const MAP = 'dist/main.js.map'

const [file, caption = file] = process.argv.slice(2)
if (file === undefined || caption === undefined) {
  console.error('Usage: npx tsx bench/flame.ts PROFILE [CAPTION]')
  process.exit(2)
}

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

process.stdout.write(drawn(callsOf(JSON.parse(readFileSync(file, 'utf8')) as CPUProfile, named), caption))
