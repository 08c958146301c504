/**
 * `calendar-operator connect AGENT`: the link by which an Agent's person signs in, and a wait until that has happened. It
 * reads the Agent as whoever runs it may, and writes nothing. The link alone goes to the standard output, so that it can be
 * handed on; everything else goes to the standard error.
 */
import type { Connection } from '../kubernetes/connection.ts'
import { collectionPath, isName } from '../kubernetes/paths.ts'
import { ApiError } from '../kubernetes/port.ts'
import { createRequest, type SendRequest } from '../kubernetes/request.ts'
import { sleep, type Clock, type Random } from '../platform/clock.ts'
import { timestamp } from '../resources/conditions.ts'
import { formatDuration, parseDuration } from '../resources/durations.ts'
import { GROUP_VERSION } from '../resources/names.ts'
import { nearest } from '../resources/suggest.ts'
import type { Agent } from '../resources/types.ts'
import { Attempts } from './connect/attempts.ts'
import { outlookOf, type Outlook } from './connect/sign-in-state.ts'
import { oneLine } from './terminal.ts'

export interface ConnectOptions {
  namespace?: string
  /** Open the link in a browser. */
  open?: boolean
  /** Show the link as a QR code. */
  qr?: boolean
  /** Wait until the person has signed in. */
  wait: boolean
  /** How long: a duration such as 15m. */
  timeout: string
}

export interface ConnectDeps {
  /** Fails with words for people where no cluster is configured. */
  connect(): Connection
  clock: Clock
  random: Random
  /** Writes one line, without its end, to the standard output. */
  write(line: string): void
  /** The same to the standard error. */
  complain(line: string): void
  /** Opens a web page in a browser. */
  open(url: string): Promise<void>
  /** A QR code, as lines of text. */
  qr(text: string): Promise<string>
}

/** What the exit code says. */
const CONNECTED = 0
const NOT_CONNECTED = 1
const CANNOT = 2
const NOBODY_CAME = 3

export const CONNECT_CODES = `
The link goes to the standard output, everything else to the standard error.
Exit code: 0 connected (or the link printed, with --no-wait), 1 somebody signed in but it is not connected,
2 it can't be done or told, 3 nobody got through in time. An attempt that fails (denied, another account) is told, and
the waiting goes on: the person may try again.`

const LOOK_EVERY_MS = 1_000

/** Answers the exit code. */
export async function connectAgent(name: string, options: ConnectOptions, given: ConnectDeps): Promise<number> {
  const deps = {
    ...given,
    write: oneLine((line) => given.write(line)),
    complain: oneLine((line) => given.complain(line)),
  }
  const timeoutMs = parseDuration(options.timeout)
  if (!timeoutMs)
    return cannot(deps, `--timeout ${options.timeout} is not understood: write a duration such as 30s or 15m`)
  if (!isName(name)) return cannot(deps, `${JSON.stringify(name)} is no name that an Agent could have`)
  let connection: Connection | undefined
  try {
    connection = deps.connect()
    const send = createRequest({ ...deps, connection })
    const namespace = options.namespace ?? connection.namespace ?? 'default'
    const end = deps.clock.monotonic() + timeoutMs
    const visit: Visit = { deps, options, send, namespace, name, end, attempts: new Attempts(send) }
    return await follow(visit)
  } catch (error) {
    return cannot(deps, inWords(error))
  } finally {
    await connection?.close()
  }
}

interface Visit {
  deps: ConnectDeps
  options: ConnectOptions
  send: SendRequest
  namespace: string
  name: string
  /** When to stop waiting, on the monotonic clock. */
  end: number
  attempts: Attempts
}

type Link = Extract<Outlook, { is: 'link' }>

/** Looks at the Agent until it is known what became of it. */
async function follow(visit: Visit): Promise<number> {
  const { deps, options, end } = visit
  const say = newsTo(deps)
  let outlook = await look(visit)
  let shown: Link | undefined
  for (;;) {
    say(outlook.words)
    if (outlook.is === 'link' && outlook.url !== shown?.url) {
      await show(visit, outlook)
      if (!options.wait) return CONNECTED
      shown = { ...outlook, grant: shown ? shown.grant : outlook.grant }
    }
    const code = codeOf(outlook, shown)
    if (code !== undefined) return ended(deps, code, shown !== undefined)
    if (deps.clock.monotonic() >= end) return nobodyCame(visit, outlook)
    await sleep(deps.clock, LOOK_EVERY_MS)
    outlook = await lookAgain(visit, outlook)
  }
}

/** Tells of attempts that came to nothing on the way: they change nothing, and somebody may try again. */
async function look(visit: Visit): Promise<Outlook> {
  const agent = await readAgent(visit)
  const outlook = outlookOf(agent)
  if (outlook.is === 'link' && visit.options.wait) {
    for (const words of await visit.attempts.news(agent)) visit.deps.complain(words)
  }
  return outlook
}

/** While the API server is away, what was seen last counts. */
async function lookAgain(visit: Visit, last: Outlook): Promise<Outlook> {
  try {
    return await look(visit)
  } catch (error) {
    if (error instanceof ApiError && error.failure === 'Unreachable') return last
    throw error
  }
}

/** Says each thing once, for as long as it stays as it is. */
function newsTo(deps: ConnectDeps): (words: string) => void {
  let last = ''
  return (words) => {
    if (words !== last) deps.complain(words)
    last = words
  }
}

/** Undefined while there is something to wait for. */
function codeOf(outlook: Outlook, shown: Link | undefined): number | undefined {
  // Somebody has signed in since, and the grant does not fit.
  if (outlook.is === 'link') return outlook.refused && outlook.grant !== shown?.grant ? NOT_CONNECTED : undefined
  return (shown ? CODES_AFTER : CODES)[outlook.is]
}

const CODES = { connected: CONNECTED, 'under way': CONNECTED, barred: CANNOT, without: CANNOT, early: undefined }
/** The same, once the link was shown. */
const CODES_AFTER = { ...CODES, 'under way': undefined, barred: NOT_CONNECTED }

async function show({ deps, options, end }: Visit, { url }: Link): Promise<void> {
  deps.write(url)
  if (options.qr) for (const line of (await deps.qr(url)).split('\n')) deps.complain(line)
  if (options.open) {
    await deps.open(url).catch(() => deps.complain('No browser could be opened: open the link by hand.'))
  }
  if (options.wait) {
    const until = timestamp(deps.clock.now() + end - deps.clock.monotonic())
    deps.complain(`Waiting for the sign-in until ${until}; Ctrl-C stops it. The link stays good after that.`)
  }
}

function ended(deps: ConnectDeps, code: number, signedIn: boolean): number {
  if (code === CONNECTED) deps.complain(signedIn ? 'Connected.' : 'Nobody has to sign in.')
  return code
}

function nobodyCame({ deps, options, attempts }: Visit, outlook: Outlook): number {
  const waited = formatDuration(parseDuration(options.timeout) ?? 0)
  const nobody = attempts.heard ? 'Nobody has got through' : 'Nobody has signed in'
  deps.complain(
    outlook.is === 'link'
      ? `${nobody} within ${waited}. The link stays good.`
      : `After ${waited} it is not connected yet.`,
  )
  return NOBODY_CAME
}

function cannot(deps: ConnectDeps, why: string): number {
  deps.complain(why)
  return CANNOT
}

async function readAgent(visit: Visit): Promise<Agent> {
  const { send, namespace, name } = visit
  const path = collectionPath(GROUP_VERSION, namespace, 'agents')
  try {
    return await send<Agent>({ method: 'GET', path: `${path}/${name}` })
  } catch (error) {
    if (!(error instanceof ApiError) || error.failure !== 'NotFound') throw error
    throw new Error(await noSuchAgent(visit), { cause: error })
  }
}

/** With what was most likely meant, as far as whoever asks may look around. */
async function noSuchAgent({ send, namespace, name }: Visit): Promise<string> {
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
  const path = `${collectionPath(GROUP_VERSION, namespace, 'agents')}?limit=500${query}`
  const answer = await send<{ items: Agent[] }>({ method: 'GET', path }).catch(() => ({ items: [] }))
  return answer.items
}

function inWords(error: unknown): string {
  const said = error instanceof Error ? error.message : String(error)
  if (!(error instanceof ApiError)) return said
  // Of a kind that it does not know, an API server says nothing but the code.
  if (error.status === 404) return `This cluster knows no Agents: install the CRDs of calendar-operator. (${said})`
  if (error.failure === 'Forbidden') return `You may not read Agents there: ask for the right to get them. (${said})`
  return `The API server gave no answer to work with: ${said}`
}
