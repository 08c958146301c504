/**
 * The environment of a bench, in its own process: the simulated Google, and the sandbox's Kubernetes API or a real one. Messages
 * drive it, with one answer for each.
 */
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startGoogle } from '../sandbox/google/google.ts'
import { startKubernetes } from '../sandbox/kubernetes/server.ts'
import { systemClock } from '../src/platform/clock.ts'
import { crds } from '../src/resources/generated/crds.ts'
import { connect, type Body } from '../test/contract/client.ts'
import { kustomize, kustomizeWith } from '../test/deploy/support/render.ts'
import { startRealKubernetes } from '../test/real/cluster.ts'
import { RealSharder } from '../test/real/sharder/real-sharder.ts'
import { hostileObjects } from './memory/kinds.ts'
import { BookingsFlood } from './bookings-flood.ts'
import { BookingsLoad } from './bookings-load.ts'
import { Changes } from './changes.ts'
import { manifestsOf, SITE } from './manifests.ts'
import { Recorders } from './shards/recorders.ts'
import type { Counts, Drained, Kept, Link, Order, Wide, WorldState } from './messages.ts'

const NAMESPACE = 'bench'
const BYSTANDER = 'bystander'
const AGENTS = `/apis/calendar-operator.io/v1alpha1/namespaces/${NAMESPACE}/agents`
const INTEGRATION = `/apis/calendar-operator.io/v1alpha1/namespaces/${NAMESPACE}/calendarintegrations/google`
const MERGE_PATCH = { 'content-type': 'application/merge-patch+json' }
const AT_ONCE = 32

type Seed = Extract<Order, { do: 'seed' }>

const ready = new Set<string>()
const watching = new Set<string>()
/** By Agent. */
const links = new Map<string, Link>()

const google = await startGoogle({ clock: systemClock })
const cluster = process.env.KUBERNETES === 'real' ? await realCluster() : await sandboxCluster()
const api = await connect(cluster.kubeconfig)
const changes = new Changes({ google, api, namespace: NAMESPACE })
const bookings = new BookingsLoad({ google, api, namespace: NAMESPACE })
const recorders = new Recorders(google)
const bookingsFlood = new BookingsFlood({ api, namespace: NAMESPACE, bystander: BYSTANDER })

process.on('message', (order: Order) => {
  void obey(order).then((answer) => process.send?.(answer))
})
process.on('disconnect', () => void cluster.stop().finally(() => process.exit(0)))
process.send?.({ url: google.url, kubeconfig: cluster.kubeconfig } satisfies WorldState)

const ORDERS: { [K in Order['do']]: (order: Extract<Order, { do: K }>) => unknown } = {
  seed,
  hostile,
  synced,
  drain,
  kept,
  count: () => ({ ready: ready.size, watching: watching.size, listed: listed() }) satisfies Counts,
  links: () => [...links.values()] satisfies Link[],
  deliver: ({ to }) => google.switches({ deliverTo: to }),
  changes: (order) => changes.spread(order),
  flood: (order) => changes.flood(order),
  bookings: (order) => bookings.spread(order),
  floodBookings: (order) => bookingsFlood.run(order),
  pastBookings: (order) => bookings.past(order),
  record: ({ replica }) => recorders.open(replica),
  recorded: () => recorders.drain(),
  sharder: () => cluster.startSharder(),
  interval: ({ interval }) => api.request('PATCH', INTEGRATION, { spec: { sync: { interval } } }, MERGE_PATCH),
  heartbeats,
  reset() {
    google.resetRequests()
    return true
  },
}

const obey = async (order: Order): Promise<unknown> => (ORDERS[order.do] as (order: Order) => unknown)(order)

const listed = (): number => google.requests({ last: 1 }).byKind['events.list'] ?? 0

async function sandboxCluster() {
  const kubernetes = await startKubernetes({ clock: systemClock, crds })
  const kubeconfig = join(mkdtempSync(join(tmpdir(), 'bench-')), 'kubeconfig')
  writeFileSync(kubeconfig, kubernetes.kubeconfig())
  const startSharder = (): never => {
    throw new Error('The real sharder needs a real API server: KUBERNETES=real.')
  }
  return { kubeconfig, startSharder, stop: () => kubernetes.stop() }
}

async function realCluster() {
  const kubernetes = await startRealKubernetes()
  let sharder: RealSharder | undefined
  return {
    kubeconfig: await kubernetes.kubeconfig(),
    async startSharder() {
      await kubernetes.apply(...(await kustomize('overlays/cluster-wide')))
      sharder = await RealSharder.start(kubernetes)
      await kubernetes.apply(...(await kustomizeWith('overlays/cluster-wide', 'components/shard-ring')))
      return true
    },
    async stop() {
      await sharder?.stop()
      await kubernetes.stop()
    },
  }
}

/** Creates everything that exists before the operator starts. */
async function seed({ agents, events, signIn, wide, bystander, byId, ...more }: Seed): Promise<boolean> {
  const registered = { redirectUris: [`${SITE}/google-calendar/callback`], javascriptOrigins: [SITE] }
  const { clientId } = google.addClient(signIn ? registered : {})
  // No quotas: this bench measures the operator's own speed.
  google.setProject({ perMinute: 10_000_000, perMinutePerUser: 10_000, perDay: 1_000_000_000 })
  const { accounts } = google.seed({
    accounts: agents + (bystander ? 1 : 0),
    eventsEach: events,
    ...(signIn ? {} : { client: clientId }),
  })
  const clientFile = JSON.stringify(google.clientFile(clientId))
  const others = accounts.splice(agents)
  const people = accounts.map((account, n) => ({
    ...account,
    ...(wide ? calendarsOf(account.email, n, wide) : {}),
    ...(byId ? { calendars: [account.email] } : {}),
  }))
  const options = { ...more, clientFile, signIn }
  const objects = manifestsOf(NAMESPACE, options, people)
  for (const { path, object } of objects.slice(0, 3)) await create(path, object)
  if (bystander) for (const { path, object } of manifestsOf(BYSTANDER, options, others)) await create(path, object)
  const rest = objects.slice(3)
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (let next = rest.pop(); next; next = rest.pop()) await create(next.path, next.object)
    }),
  )
  await watchAgents()
  changes.accounts = accounts.map(({ email }) => email)
  return true
}

async function hostile({ kind, agents }: Extract<Order, { do: 'hostile' }>): Promise<boolean> {
  google.setProject({ perMinute: 10_000_000, perMinutePerUser: 10_000, perDay: 1_000_000_000 })
  for (const { path, object } of hostileObjects(google, kind, agents)) await create(path, object)
  return true
}

/** Counts Agents by the reason of their condition `Synced`. */
async function synced(): Promise<Record<string, number>> {
  const { body } = await api.request('GET', '/apis/calendar-operator.io/v1alpha1/agents')
  const counts: Record<string, number> = {}
  for (const { status } of body.items ?? []) {
    const { conditions = [] } = (status ?? {}) as Status
    const reason = conditions.find(({ type }) => type === 'Synced')?.reason ?? 'none'
    counts[reason] = (counts[reason] ?? 0) + 1
  }
  return counts
}

/** The calendars of the n-th Agent, if it is one of those with many. */
function calendarsOf(owner: string, n: number, { agents, fewest, most }: Wide): { calendars?: string[] } {
  if (n >= agents) return {}
  const count = agents === 1 ? most : Math.round(fewest + ((most - fewest) * n) / (agents - 1))
  const more = Array.from({ length: count - 1 }, (_, m) => google.addCalendar({ owner, id: `c${m}-${owner}` }).id)
  return { calendars: ['primary', ...more] }
}

/** First pages only: each is one read of one calendar. */
function drain(): Drained {
  const { log, byKind } = google.requests()
  google.resetRequests()
  const others = Object.fromEntries(Object.entries(byKind).filter(([kind]) => kind !== 'events.list'))
  const reads = log.filter(({ kind, page, status }) => kind === 'events.list' && page === 1 && status === 200)
  return {
    reads: reads.map(({ account = '', path, at }) => ({ calendar: nameOf(account, path), at: Date.parse(at) })),
    others,
  }
}

/** `primary` and the calendar's real id are the same. */
function nameOf(account: string, path: string): string {
  const id = path.split('/').at(-2) ?? ''
  return `${account} ${id === account ? 'primary' : id}`
}

/** Each Agent in turn. */
async function heartbeats({ count }: Extract<Order, { do: 'heartbeats' }>): Promise<boolean> {
  const { body } = await api.request('GET', AGENTS)
  const names = (body.items ?? []).map(({ metadata }) => metadata.name)
  const lastSyncTime = (n: number): string => new Date(Date.now() + n * 1000).toISOString().replace(/\.\d+/, '')
  let next = 0
  const work = async (): Promise<void> => {
    while (next < count) {
      const n = next++
      const path = `${AGENTS}/${names[n % names.length] ?? ''}/status`
      await api.request('PATCH', path, { status: { sync: { lastSyncTime: lastSyncTime(n) } } }, MERGE_PATCH)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  return true
}

async function create(path: string, object: object): Promise<void> {
  const answer = await api.request('POST', path, object)
  if (answer.status >= 300) throw new Error(`${path} was refused: ${answer.text}`)
}

/** Counts by the status of each Agent, so that the operator is not disturbed while it is measured. */
async function watchAgents(): Promise<void> {
  const { body } = await api.request('GET', `${AGENTS}?limit=1`)
  const watch = await api.watch(
    `${AGENTS}?watch=1&timeoutSeconds=3600&resourceVersion=${body.metadata.resourceVersion}`,
  )
  const follow = async (): Promise<void> => {
    for (let event = await watch.next(); event; event = await watch.next()) count(event.object)
  }
  void follow().catch(() => undefined)
}

/** Compares the Secret of each grant with its Agent, and counts the valid grants at Google. */
async function kept(): Promise<Kept> {
  const { body: agents } = await api.request('GET', AGENTS)
  const { body: secrets } = await api.request('GET', `/api/v1/namespaces/${NAMESPACE}/secrets`)
  const held = new Map((secrets.items ?? []).map(({ metadata, data }) => [metadata.name, data as Held | undefined]))
  const isRight = ({ metadata, spec }: Body): boolean => {
    const { account = '', refresh_token: token = '' } = held.get(`${metadata.name}-google-grant`) ?? {}
    return token !== '' && Buffer.from(account, 'base64').toString() === (spec as { account: string }).account
  }
  const right = (agents.items ?? []).filter(isRight).length
  const alive = google.grants({}).filter((grant) => grant.alive).length
  return { right, wrong: (agents.items ?? []).length - right, alive }
}

interface Held {
  account?: string
  refresh_token?: string
}

function count({ metadata, spec, status }: Body): void {
  const { conditions = [], authorization } = (status ?? {}) as Status
  for (const [names, type] of [
    [ready, 'Ready'],
    [watching, 'Watching'],
  ] as const) {
    if (conditions.some((one) => one.type === type && one.status === 'True')) names.add(metadata.name)
    else names.delete(metadata.name)
  }
  const { account } = spec as { account: string }
  if (authorization?.url) links.set(metadata.name, { account, url: authorization.url })
  else links.delete(metadata.name)
}

interface Status {
  conditions?: { type: string; status: string; reason?: string }[]
  authorization?: { url?: string }
}
