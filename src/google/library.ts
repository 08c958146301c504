/**
 * The googleapis library, which builds the requests about single events, and our transport below it. It is loaded with the first such
 * request: it needs as much memory as all other code of this room, and without Bookings nothing uses it
 * (docs/decisions/0282-only-what-requests-need-is-loaded.md).
 */
import type { calendar_v3 } from 'googleapis/build/src/apis/calendar/index.js'
import { DEADLINE_MS } from './calendar-request.ts'
import { GoogleError } from './port.ts'
import type { Answer, Method, Transport } from './transport.ts'

/** The options of a request with this access token. */
export const as = (accessToken: string): { headers: Record<string, string> } => ({
  headers: { authorization: `Bearer ${accessToken}` },
})

/** Returns the transport's answer. The library wraps what the transport throws; this throws the original error. */
export async function sent(response: Promise<unknown>): Promise<Answer> {
  try {
    return ((await response) as { data: Answer }).data
  } catch (error) {
    for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
      if (cause instanceof GoogleError) throw cause
    }
    throw new GoogleError('Unknown', 'the request could not be made')
  }
}

/** Returns what loads the library's requests about events of the API at this origin, once. */
export function libraryOver(transport: Transport, origin: string): () => Promise<calendar_v3.Resource$Events> {
  let loaded: Promise<calendar_v3.Resource$Events> | undefined
  return () => (loaded ??= load(transport, origin))
}

async function load(transport: Transport, origin: string): Promise<calendar_v3.Resource$Events> {
  const { calendar } = await import('./googleapis.ts')
  const api = calendar({
    version: 'v3',
    rootUrl: `${origin}/`,
    retry: false,
    errorRedactor: false,
    validateStatus: () => true,
    // Our transport handles the proxy, so the library must not look for one in the environment.
    noProxy: [/./],
    adapter: adapterOver(transport),
  })
  return api.events
}

const METHODS: readonly Method[] = ['GET', 'POST', 'PATCH', 'DELETE']

type Adapter = NonNullable<calendar_v3.Options['adapter']>

/**
 * Sends the requests that the library renders; it neither retries nor interprets anything. It reads only status, headers and data of
 * the response.
 */
function adapterOver(transport: Transport): Adapter {
  const send = async ({ url, headers, ...config }: Parameters<Adapter>[0]): Promise<unknown> => {
    const answer = await transport.send({
      url: new URL(url),
      method: METHODS.find((method) => method === config.method) ?? 'GET',
      headers: Object.fromEntries(headers),
      // The library has rendered it as JSON.
      body: typeof config.body === 'string' ? config.body : undefined,
      deadlineMs: DEADLINE_MS,
    })
    return { config, status: answer.status, headers: {}, data: answer }
  }
  return send as Adapter
}
