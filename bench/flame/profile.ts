/** A CPU profile of Node as a tree of calls, in which the calls of the same function by the same callers are one. */

/** What `--cpu-prof` writes, in the parts that are needed. */
export interface CPUProfile {
  nodes: { id: number; callFrame: CallFrame; children?: number[] }[]
  /** The node in which each sample was taken. */
  samples: number[]
  /** The µs before each sample. */
  timeDeltas: number[]
}

/** Where a function is; lines and columns begin with 0. */
export interface CallFrame {
  functionName: string
  url: string
  lineNumber: number
  columnNumber: number
}

/** A function that was called by the functions above it. */
export interface Call {
  name: string
  /** The room, package or part of Node that it belongs to. */
  origin: string
  /** Including what it calls, in µs. */
  micros: number
  calls: Map<string, Call>
}

/** The name of a function, and where it comes from. */
export type Named = (frame: CallFrame) => Pick<Call, 'name' | 'origin'>

const SECOND = 1_000_000

/** The samples between two seconds since the start of the profile. */
export function within(profile: CPUProfile, from: number, to: number): CPUProfile {
  const kept: Pick<CPUProfile, 'samples' | 'timeDeltas'> = { samples: [], timeDeltas: [] }
  let micros = 0
  profile.samples.forEach((sample, index) => {
    const delta = profile.timeDeltas[index] ?? 0
    micros += delta
    if (micros < from * SECOND || micros >= to * SECOND) return
    kept.samples.push(sample)
    kept.timeDeltas.push(delta)
  })
  return { ...profile, ...kept }
}

/** What is not work. */
const IDLE = new Set(['(idle)', '(program)'])

/** Merges the calls of a profile. Idle time is left out. */
export function callsOf({ nodes, samples, timeDeltas }: CPUProfile, named: Named): Call {
  const self = new Map<number, number>()
  samples.forEach((id, index) => self.set(id, (self.get(id) ?? 0) + (timeDeltas[index] ?? 0)))
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const root: Call = { name: 'all', origin: '', micros: 0, calls: new Map() }

  function add(id: number, caller: Call): number {
    const node = byId.get(id)
    if (!node || IDLE.has(node.callFrame.functionName)) return 0
    const call = callOf(caller, named(node.callFrame))
    const micros = (node.children ?? []).reduce((sum, child) => sum + add(child, call), self.get(id) ?? 0)
    call.micros += micros
    return micros
  }

  const [first] = nodes
  for (const child of first?.children ?? []) root.micros += add(child, root)
  return root
}

function callOf(caller: Call, { name, origin }: Pick<Call, 'name' | 'origin'>): Call {
  const key = `${origin} ${name}`
  const known = caller.calls.get(key)
  if (known) return known
  const call: Call = { name, origin, micros: 0, calls: new Map() }
  caller.calls.set(key, call)
  return call
}
