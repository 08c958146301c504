/**
 * `make bench-memory`: measures the resident memory of the operator as it ships, with the image's flags of Node, while it reads hostile
 * calendars again and again. With `--most` it fails if a peak is above so many MiB.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { freePort } from './free-port.ts'
import { exitOnSignals, startWorld } from './bench-world.ts'
import { imageNodeFlags } from '../scripts/node.mjs'
import { HOSTILE, type HostileKind } from './memory/kinds.ts'
import { MeasuredOperator } from './operator.ts'

const OPTIONS = {
  kinds: { type: 'string', default: Object.keys(HOSTILE).join(',') },
  agents: { type: 'string', default: '10' },
  /** How long to measure after each Agent has a result. */
  seconds: { type: 'string', default: '20' },
  /** How many seconds to wait for these results at most. */
  longest: { type: 'string', default: '60' },
  /** The limit in MiB. */
  most: { type: 'string', default: '0' },
  /** Flags of Node, in place of the image's. */
  node: { type: 'string', default: imageNodeFlags().join(' ') },
} as const

interface Figures {
  peak: number
  now: number
  seconds: number
  synced: Record<string, number>
}

interface How {
  agents: number
  seconds: number
  longest: number
  node: string[]
}

async function measured(kind: HostileKind, { agents, seconds, longest, node }: How): Promise<Figures> {
  const world = await startWorld()
  await world.ask({ do: 'hostile', kind, agents })
  const operator = new MeasuredOperator(world.state, node, { metrics: await freePort(), web: 0 })
  const from = performance.now()
  let synced: Record<string, number> = {}
  do {
    await pause(500)
    synced = (await world.ask({ do: 'synced' })) as Record<string, number>
  } while (isUnderWay(synced) && performance.now() - from < longest * 1000)
  const took = (performance.now() - from) / 1000
  await pause(seconds * 1000)
  const { peakMiB, residentMiB } = await operator.read()
  synced = (await world.ask({ do: 'synced' })) as Record<string, number>
  await operator.stop()
  await world.end()
  return { peak: peakMiB, now: residentMiB, seconds: took, synced }
}

const isUnderWay = ({ none = 0, NotYetSynced = 0 }: Record<string, number>): boolean => none + NotYetSynced > 0

exitOnSignals()
const { values } = parseArgs({ options: OPTIONS })
const most = Number(values.most)
const how: How = {
  agents: Number(values.agents),
  seconds: Number(values.seconds),
  longest: Number(values.longest),
  node: values.node === '' ? [] : values.node.split(' '),
}
console.log('| calendars | MiB peak | MiB now | s until each has a result | Synced |\n| --- | --- | --- | --- | --- |')
for (const kind of values.kinds.split(',') as HostileKind[]) {
  const { peak, now, seconds, synced } = await measured(kind, how)
  const results = Object.entries(synced).map(([reason, count]) => `${count} ${reason}`)
  const cells = [HOSTILE[kind].what, peak.toFixed(0), now.toFixed(0), seconds.toFixed(0), results.join(', ')]
  console.log(`| ${cells.join(' | ')} |`)
  if (most > 0 && peak > most) process.exitCode = 1
}
