/** Creates and watches Bookings. */
import type { Body, Client, Watch } from '../test/contract/client.ts'

const API = '/apis/calendar-operator.io/v1alpha1'

/** A Booking of a bench. */
interface BenchBooking {
  namespace: string
  name: string
  agent: number
  /** ms since the epoch. */
  start: number
  end: number
}

/** The path of the Bookings of a namespace. */
export const bookingsPath = (namespace: string): string => `${API}/namespaces/${namespace}/bookings`

/** Creates a Booking. @throws Error if the API server refuses it. */
export async function createBooking(api: Client, { namespace, name, agent, start, end }: BenchBooking): Promise<void> {
  const spec = { agentRef: { name: `agent${agent}` }, start: timestamp(start), end: timestamp(end), title: 'Bench' }
  const object = { apiVersion: 'calendar-operator.io/v1alpha1', kind: 'Booking', metadata: { name }, spec }
  const answer = await api.request('POST', bookingsPath(namespace), object)
  if (answer.status >= 300) throw new Error(`Booking ${name} was refused: ${answer.text}`)
}

/** Watches the Bookings of all namespaces from now on. */
export async function watchBookings(api: Client): Promise<Watch> {
  const { body } = await api.request('GET', `${API}/bookings?limit=1`)
  return api.watch(`${API}/bookings?watch=1&timeoutSeconds=3600&resourceVersion=${body.metadata.resourceVersion}`)
}

/** Calls `onChange` with each object of a watch until the watch is closed. */
export async function follow(watch: Watch, onChange: (booking: Body) => void): Promise<void> {
  try {
    for (let event = await watch.next(); event; event = await watch.next()) onChange(event.object)
  } catch {
    // The watch was closed.
  }
}

/** Whether a condition has one of these statuses. */
export function hasCondition({ status }: Body, wanted: string, statuses: readonly string[] = ['True']): boolean {
  const { conditions = [] } = (status ?? {}) as { conditions?: { type: string; status: string }[] }
  return conditions.some((one) => one.type === wanted && statuses.includes(one.status))
}

const timestamp = (ms: number): string => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z')
