/** What must hold whenever nothing is under way: what is published is never freer than the truth that was told, and Ready means it. */
import type { Condition } from '../../../src/resources/types.ts'
import type { Interval, Obligation } from '../../memory/google.ts'
import type { Stored } from '../../memory/kubernetes.ts'

export interface Looked {
  agent: Stored | undefined
  /** Undefined if nothing of ours is published. */
  published: Stored | undefined
  now: number
  /** By calendar. */
  obligations: Map<string, Obligation>
}

interface BusyJSON {
  syncedAt: string
  window: { start: string; end: string }
  complete: boolean
  freshUntil: string
  busy: { start: string; end: string }[]
}

export function judgeBusy({ published, obligations }: Looked): string[] {
  const json = read(published)
  if (!json) return []
  const window = { from: Date.parse(json.window.start), to: Date.parse(json.window.end) }
  const busy = json.busy.map(({ start, end }) => ({ from: Date.parse(start), to: Date.parse(end) }))
  return [...obligations].flatMap(([id, { good, excused, untold }]) => {
    if (untold && !json.complete) return []
    return [...good].flatMap(([event, interval]) => {
      if (covered(clipped(interval, window), busy)) return []
      if (excused.has(event) && !json.complete) return []
      const when = `${new Date(interval.from).toISOString()} to ${new Date(interval.to).toISOString()}`
      return [`${event} (${when}) of ${id} is busy and published as free (complete: ${json.complete})`]
    })
  })
}

/** Ready means: what the consumer reads exists, and is fresh. */
export function judgeReady({ agent, published, now }: Looked): string[] {
  if (!agent || !saysReady(agent)) return []
  const json = read(published)
  if (!json) return ['Ready is True, and nothing of ours that could be read is published']
  if (Date.parse(json.freshUntil) < now)
    return [`Ready is True, and what is published was fresh until ${json.freshUntil}`]
  return []
}

/** What is published is as old as it is trusted: nobody knows when it was read. */
export function isExpired(published: Stored | undefined): boolean {
  const json = read(published)
  return json !== undefined && json.freshUntil === json.syncedAt
}

function saysReady({ spec, status }: Stored): boolean {
  const { conditions = [] } = (status ?? {}) as { conditions?: Condition[] }
  const { suspend } = spec as { suspend: boolean }
  return !suspend && conditions.some((one) => one.type === 'Ready' && one.status === 'True')
}

function read(published: Stored | undefined): BusyJSON | undefined {
  const text = published?.data?.['busy.json']
  if (text === undefined) return undefined
  const json = published?.kind === 'Secret' ? Buffer.from(text, 'base64').toString() : text
  const parsed = parse(json)
  return parsed?.window && parsed.busy ? (parsed as BusyJSON) : undefined
}

/** Somebody may have edited it. */
function parse(text: string): Partial<BusyJSON> | undefined {
  try {
    return JSON.parse(text) as Partial<BusyJSON>
  } catch {
    return undefined
  }
}

const clipped = ({ from, to }: Interval, window: Interval): Interval => ({
  from: Math.max(from, window.from),
  to: Math.min(to, window.to),
})

const covered = ({ from, to }: Interval, busy: Interval[]): boolean =>
  to <= from || busy.some((one) => one.from <= from && one.to >= to)
