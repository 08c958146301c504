/** The control API over HTTP: `POST /_control/<operation>` with a JSON object, or GET with the arguments in the query. */
import { ControlError, json, Refusal, type Reply } from '../http/errors.ts'
import type { GoogleState } from '../state/state.ts'
import { dashboard } from './dashboard.ts'
import type { Operations } from './operations.ts'

interface Request {
  method: string
  path: string
  search: string
  body: string
}

/** Answers a request to the sandbox itself; undefined for requests to Google. */
export function controlRequest(state: GoogleState, operations: Operations, request: Request): Reply | undefined {
  if (request.path === '/') return orExplain(() => dashboard(state, request.method, request.body))
  if (!request.path.startsWith('/_control')) return undefined
  const name = request.path.slice('/_control/'.length)
  if (name === '') return json({ operations: Object.keys(operations) })
  if (!Object.hasOwn(operations, name)) return refuse(404, `there is no operation "${name}": GET /_control lists them`)
  if (request.method === 'GET' && !READING.has(name)) return refuse(405, `"${name}" changes things: POST it`)
  const operation = operations[name as keyof Operations] as (argument: unknown) => unknown
  return orExplain(() => json(operation(argumentOf(request))))
}

/** Operations that change nothing, and therefore accept GET. */
const READING = new Set([
  'time',
  'clientFile',
  'grants',
  'events',
  'channels',
  'faults',
  'requests',
  'busiestMinutes',
  'deliveries',
  'mails',
])

function orExplain(make: () => Reply): Reply {
  try {
    return make()
  } catch (error) {
    if (error instanceof ControlError || error instanceof SyntaxError) return refuse(400, error.message)
    if (error instanceof Refusal) return error.reply
    throw error
  }
}

const refuse = (status: number, message: string): Reply => json({ error: message }, status)

function argumentOf({ method, search, body }: Request): unknown {
  if (method === 'GET') return Object.fromEntries(new URLSearchParams(search))
  return body === '' ? {} : (JSON.parse(body) as unknown)
}
