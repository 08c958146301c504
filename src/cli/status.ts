/**
 * `calendar-operator status` shows whether the operator is running, whether the integrations, agents and bookings are healthy, and who has
 * to do what, and by when. It reads the API server with the user's own permissions, writes nothing, and sends nothing to Google.
 */
import { stringify } from 'yaml'
import type { Connection } from '../kubernetes/connection.ts'
import { CUSTOM_KINDS } from '../kubernetes/kinds.ts'
import { createRequest } from '../kubernetes/request.ts'
import type { Clock, Random } from '../platform/clock.ts'
import { cleanLines } from '../platform/scrub.ts'
import { apiErrorMessage } from './api-error-message.ts'
import { listed } from './messages.ts'
import { overviewOf, type Overview } from './status/overview.ts'
import { readSnapshot } from './status/cluster-snapshot.ts'
import { tableOf } from './status/table.ts'
import { jsonText, singleLineWriter } from './terminal.ts'

/** The options of the command line. */
export interface StatusOptions {
  namespace?: string
  allNamespaces?: boolean
  /** `table`, `json` or `yaml`. */
  output: string
}

/** What the command needs from outside. */
interface StatusDeps {
  /** @throws Error with a message for people if no cluster is configured. */
  connect(): Connection
  clock: Clock
  random: Random
  /** Writes one line to standard output; the line has no newline. */
  write(line: string): void
  /** The same for standard error. */
  writeError(line: string): void
}

/** The exit codes: nothing to do; a person has to act; the state could not be determined. */
const HEALTHY = 0
const ACTION_NEEDED = 1
const FAILED = 2

/** Runs the command. Returns the exit code. */
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
    return fail(deps, apiErrorMessage(error, SUBJECT))
  }
  const writeLine = singleLineWriter((line) => deps.write(line))
  for (const line of write(overview)) writeLine(line)
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
    const scope = allNamespaces ? undefined : (namespace ?? connection.namespace ?? 'default')
    return overviewOf(await readSnapshot(send, scope), deps.clock.now())
  } finally {
    await connection.close()
  }
}

function fail(deps: StatusDeps, message: string): number {
  singleLineWriter((line) => deps.writeError(line))(message)
  return FAILED
}

const KINDS = listed(
  CUSTOM_KINDS.map((kind) => `${kind}s`),
  'and',
)
const SUBJECT = {
  kinds: KINDS,
  forbidden: `You may not list ${KINDS} here: name another namespace with -n, or ask for that right.`,
}
