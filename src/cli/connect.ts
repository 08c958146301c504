/**
 * `calendar-operator connect AGENT` prints the link with which an Agent's person signs in, and waits until they have. It reads the
 * Agent with the user's own permissions and writes nothing. Standard output contains only the link, so that it can be piped;
 * everything else goes to standard error.
 */
import type { Connection } from '../kubernetes/connection.ts'
import { WATCHED } from '../kubernetes/kinds.ts'
import { collectionPath, isName } from '../kubernetes/paths.ts'
import { ApiError } from '../kubernetes/port.ts'
import { createRequest, type SendRequest } from '../kubernetes/request.ts'
import { sleep, type Clock, type Random } from '../platform/clock.ts'
import { timestamp } from '../resources/conditions.ts'
import { formatDuration, parseDuration } from '../resources/durations.ts'
import { nearest } from '../resources/suggestions.ts'
import type { Agent } from '../resources/types.ts'
import { apiErrorMessage } from './api-error-message.ts'
import { FailedSignIns } from './connect/attempts.ts'
import { signInState, type SignInState } from './connect/sign-in-state.ts'
import { singleLineWriter } from './terminal.ts'

/** The options of the command line. */
export interface ConnectOptions {
  namespace?: string
  /** Open the link in a browser. */
  open?: boolean
  /** Show the link as a QR code. */
  qr?: boolean
  /** Wait until the person has signed in. */
  wait: boolean
  /** How long to wait: a duration such as 15m. */
  timeout: string
}

/** What the command needs from outside. */
interface ConnectDeps {
  /** @throws Error with a message for people if no cluster is configured. */
  connect(): Connection
  clock: Clock
  random: Random
  /** Writes one line to standard output; the line has no newline. */
  write(line: string): void
  /** The same for standard error. */
  writeError(line: string): void
  /** Opens a web page in a browser. */
  open(url: string): Promise<void>
  /** Renders a QR code, as lines of text. */
  qr(text: string): Promise<string>
}

/** The exit codes of the command. */
const CONNECTED = 0
const NOT_CONNECTED = 1
const FAILED = 2
const TIMED_OUT = 3

const POLL_INTERVAL_MS = 1_000

/** Runs the command. Returns the exit code. */
export async function connectAgent(name: string, options: ConnectOptions, unsafe: ConnectDeps): Promise<number> {
  const deps = {
    ...unsafe,
    write: singleLineWriter((line) => unsafe.write(line)),
    writeError: singleLineWriter((line) => unsafe.writeError(line)),
  }
  const timeoutMs = parseDuration(options.timeout)
  if (!timeoutMs)
    return fail(deps, `--timeout ${options.timeout} is not understood: write a duration such as 30s or 15m`)
  if (!isName(name)) return fail(deps, `${JSON.stringify(name)} is not a valid name for an Agent`)
  let connection: Connection | undefined
  try {
    connection = deps.connect()
    const send = createRequest({ ...deps, connection })
    const namespace = options.namespace ?? connection.namespace ?? 'default'
    const end = deps.clock.monotonic() + timeoutMs
    const run: ConnectRun = { deps, options, send, namespace, name, end, attempts: new FailedSignIns(send) }
    return await waitForSignIn(run)
  } catch (error) {
    return fail(deps, apiErrorMessage(error, SUBJECT))
  } finally {
    await connection?.close()
  }
}

interface ConnectRun {
  deps: ConnectDeps
  options: ConnectOptions
  send: SendRequest
  namespace: string
  name: string
  /** When to stop waiting, on the monotonic clock. */
  end: number
  attempts: FailedSignIns
}

type Link = Extract<SignInState, { is: 'link' }>

/** Polls the Agent until the outcome is known or the time is up. */
async function waitForSignIn(run: ConnectRun): Promise<number> {
  const { deps, options, end } = run
  const report = reporter(deps)
  let state = await readState(run)
  let shown: Link | undefined
  for (;;) {
    report(state.message)
    if (state.is === 'link' && state.url !== shown?.url) {
      await showLink(run, state)
      if (!options.wait) return CONNECTED
      shown = { ...state, grant: shown ? shown.grant : state.grant }
    }
    const code = exitCode(state, shown)
    if (code !== undefined) return finished(deps, code, shown !== undefined)
    if (deps.clock.monotonic() >= end) return timedOut(run, state)
    await sleep(deps.clock, POLL_INTERVAL_MS)
    state = await readStateAgain(run, state)
  }
}

/** Reads the Agent. Reports failed attempts, which do not end the wait, because the person may try again. */
async function readState(run: ConnectRun): Promise<SignInState> {
  const agent = await readAgent(run)
  const state = signInState(agent)
  if (state.is === 'link' && run.options.wait) {
    for (const message of await run.attempts.poll(agent)) run.deps.writeError(message)
  }
  return state
}

/** While the API server is unreachable, the last state counts. */
async function readStateAgain(run: ConnectRun, last: SignInState): Promise<SignInState> {
  try {
    return await readState(run)
  } catch (error) {
    if (error instanceof ApiError && error.failure === 'Unreachable') return last
    throw error
  }
}

/** Writes a message unless it repeats the last one. */
function reporter(deps: ConnectDeps): (message: string) => void {
  let last = ''
  return (message) => {
    if (message !== last) deps.writeError(message)
    last = message
  }
}

/** The exit code; undefined while the command has to wait. */
function exitCode(state: SignInState, shown: Link | undefined): number | undefined {
  // Somebody has signed in since, but the grant is not accepted.
  if (state.is === 'link') return state.refused && state.grant !== shown?.grant ? NOT_CONNECTED : undefined
  return (shown ? EXIT_CODES_AFTER_LINK : EXIT_CODES)[state.is]
}

const EXIT_CODES = {
  connected: CONNECTED,
  progressing: CONNECTED,
  blocked: FAILED,
  impossible: FAILED,
  unknown: undefined,
}
/** The same after the link was printed. */
const EXIT_CODES_AFTER_LINK = { ...EXIT_CODES, progressing: undefined, blocked: NOT_CONNECTED }

async function showLink({ deps, options, end }: ConnectRun, { url }: Link): Promise<void> {
  deps.write(url)
  if (options.qr) for (const line of (await deps.qr(url)).split('\n')) deps.writeError(line)
  if (options.open) {
    await deps.open(url).catch(() => deps.writeError('No browser could be opened: open the link by hand.'))
  }
  if (options.wait) {
    const until = timestamp(deps.clock.now() + end - deps.clock.monotonic())
    deps.writeError(`Waiting for the sign-in until ${until}; Ctrl-C stops it. The link stays valid after that.`)
  }
}

function finished(deps: ConnectDeps, code: number, signedIn: boolean): number {
  if (code === CONNECTED) deps.writeError(signedIn ? 'Connected.' : 'Nobody has to sign in.')
  return code
}

function timedOut({ deps, options, attempts }: ConnectRun, state: SignInState): number {
  const waited = formatDuration(parseDuration(options.timeout) ?? 0)
  const subject = attempts.seen ? 'Nobody has completed the sign-in' : 'Nobody has signed in'
  deps.writeError(
    state.is === 'link'
      ? `${subject} within ${waited}. The link stays valid.`
      : `After ${waited} it is not connected yet.`,
  )
  return TIMED_OUT
}

function fail(deps: ConnectDeps, message: string): number {
  deps.writeError(message)
  return FAILED
}

async function readAgent(run: ConnectRun): Promise<Agent> {
  const { send, namespace, name } = run
  const path = collectionPath(WATCHED.agents, namespace)
  try {
    return await send<Agent>({ method: 'GET', path: `${path}/${name}` })
  } catch (error) {
    if (!(error instanceof ApiError) || error.failure !== 'NotFound') throw error
    throw new Error(await agentNotFoundMessage(run), { cause: error })
  }
}

/** The message for a missing Agent, with a suggestion if the user's permissions allow one. */
async function agentNotFoundMessage({ send, namespace, name }: ConnectRun): Promise<string> {
  const here = await listAgents(send, namespace, '')
  const elsewhere = await listAgents(send, undefined, `&fieldSelector=metadata.name%3D${name}`)
  const [other] = elsewhere.flatMap(({ metadata }) => metadata.namespace ?? [])
  const near = nearest(
    name,
    here.map((agent) => agent.metadata.name),
  )
  const hint =
    other !== undefined
      ? `there is one in namespace ${other}: -n ${other}`
      : near !== undefined
        ? `did you mean ${near}?`
        : `see \`kubectl get agents -n ${namespace}\``
  return `There is no Agent ${name} in namespace ${namespace}; ${hint}`
}

async function listAgents(send: SendRequest, namespace: string | undefined, query: string): Promise<Agent[]> {
  const path = `${collectionPath(WATCHED.agents, namespace)}?limit=500${query}`
  const answer = await send<{ items: Agent[] }>({ method: 'GET', path }).catch(() => ({ items: [] }))
  return answer.items
}

const SUBJECT = { kinds: 'Agents', forbidden: 'You may not read Agents there: ask for the right to get them.' }
