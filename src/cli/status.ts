/**
 * `calendar-operator status`: one look at everything: is the operator alive, are the integrations and the agents well, and
 * who has to do what by when. It reads the API server as whoever runs it may, writes nothing, and asks Google nothing.
 */
import { stringify } from 'yaml'
import type { Connection } from '../kubernetes/connection.ts'
import { ApiError } from '../kubernetes/port.ts'
import { createRequest } from '../kubernetes/request.ts'
import type { Clock, Random } from '../platform/clock.ts'
import { cleanLines } from '../platform/scrub.ts'
import { overviewOf, type Overview } from './status/overview.ts'
import { readSnapshot } from './status/cluster-snapshot.ts'
import { tableOf } from './status/table.ts'
import { jsonText, singleLineWriter } from './terminal.ts'

export interface StatusOptions {
  namespace?: string
  allNamespaces?: boolean
  /** `table`, `json` or `yaml`. */
  output: string
}

export interface StatusDeps {
  /** Fails with words for people where no cluster is configured. */
  connect(): Connection
  clock: Clock
  random: Random
  /** Writes one line, without its end, to the standard output. */
  write(line: string): void
  /** The same to the standard error. */
  writeError(line: string): void
}

/** What the exit code says: all is well; a person has to act; it can't be told. */
const HEALTHY = 0
const ACTION_NEEDED = 1
const FAILED = 2

/** Answers the exit code. */
export async function status(options: StatusOptions, deps: StatusDeps): Promise<number> {
  const write = WRITERS[options.output]
  if (!write) return fail(deps, `-o ${options.output} is not known: write table, json or yaml`)
  if (options.allNamespaces && options.namespace !== undefined) {
    return fail(deps, '-n and -A contradict each other: leave one of them out')
  }
  let overview
  try {
    overview = await readOverview(options, deps)
  } catch (error) {
    return fail(deps, errorMessage(error))
  }
  const show = singleLineWriter((line) => deps.write(line))
  for (const line of write(overview)) show(line)
  return overview.needsAPerson.length > 0 ? ACTION_NEEDED : HEALTHY
}

const WRITERS: Record<string, (overview: Overview) => string[]> = {
  table: tableOf,
  json: (overview) => jsonText(overview).split('\n'),
  yaml: (overview) =>
    cleanLines(stringify(overview, { lineWidth: 0 }))
      .trimEnd()
      .split('\n'),
}

async function readOverview({ namespace, allNamespaces }: StatusOptions, deps: StatusDeps): Promise<Overview> {
  const connection = deps.connect()
  try {
    const send = createRequest({ ...deps, connection })
    const where = allNamespaces ? undefined : (namespace ?? connection.namespace ?? 'default')
    return overviewOf(await readSnapshot(send, where), deps.clock.now())
  } finally {
    await connection.close()
  }
}

function fail(deps: StatusDeps, why: string): number {
  singleLineWriter((line) => deps.writeError(line))(why)
  return FAILED
}

function errorMessage(error: unknown): string {
  const said = error instanceof Error ? error.message : String(error)
  if (!(error instanceof ApiError)) return said
  // Of a kind that it does not know, an API server says nothing but the code.
  if (error.status === 404) {
    return `This cluster knows no CalendarIntegrations and Agents: install the CRDs of calendar-operator. (${said})`
  }
  if (error.failure === 'Forbidden') {
    return `You may not list CalendarIntegrations and Agents here: name another namespace by -n, or ask for that right. (${said})`
  }
  return `The API server gave no answer to work with: ${said}`
}
