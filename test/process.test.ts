/** The process as its container sees it: how it starts, fails to start, and ends. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, open, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startKubernetes, type SandboxKubernetes } from '../sandbox/kubernetes/server.ts'
import { crds } from '../src/resources/generated/crds.ts'
import { shardLabel } from '../src/resources/shard-labels.ts'
import { anAgent } from './support/resources.ts'

const REQUIRE =
  "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);"
const clock = { now: () => Date.now(), setTimer: (ms: number, fire: () => void) => clearedBy(setTimeout(fire, ms)) }
const clearedBy = (handle: NodeJS.Timeout) => (): void => clearTimeout(handle)

let directory: string
let kubernetes: SandboxKubernetes
let taken: Server

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'process-'))
  await bundle()
  kubernetes = await startKubernetes({ clock, crds })
  await writeFile(join(directory, 'kubeconfig'), kubernetes.kubeconfig())
  await writeFile(
    join(directory, 'unreachable'),
    kubernetes.kubeconfig().replace(/server: .*/, 'server: https://127.0.0.1:1'),
  )
  taken = createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
})

afterAll(async () => {
  taken.close()
  await kubernetes.stop()
  await rm(directory, { recursive: true })
})

/** In small files: for each function in a heap snapshot, V8 counts the lines of its file from the first one on. */
const bundle = (): Promise<unknown> =>
  build({
    ...{ bundle: true, splitting: true, minify: true, platform: 'node', target: 'node20', format: 'esm' },
    ...{ entryPoints: ['src/main.ts'], outdir: directory, outExtension: { '.js': '.mjs' } },
    ...{ banner: { js: REQUIRE }, logLevel: 'error' },
  })

const takenPort = (): string => `127.0.0.1:${(taken.address() as AddressInfo).port}`

interface Running {
  child: ChildProcess
  lines: string[]
  /** The exit code, or the signal that killed it, and after how many seconds. */
  ended: Promise<{ code: number | string | null; seconds: number }>
}

function run(flags: Record<string, string>, kubeconfig = 'kubeconfig'): Running {
  const addresses = { 'metrics-bind-address': '127.0.0.1:0', 'web-bind-address': '127.0.0.1:0' }
  const given = Object.entries({ ...addresses, ...flags }).map(([name, value]) => `--${name}=${value}`)
  const env = { ...process.env, KUBECONFIG: join(directory, kubeconfig), POD_NAME: 'pod-a', POD_NAMESPACE: 'default' }
  const node = ['--heapsnapshot-signal=SIGUSR2', `--diagnostic-dir=${directory}`]
  const child = spawn(process.execPath, [...node, join(directory, 'main.mjs'), 'run', ...given], { env })
  const startedAt = performance.now()
  const lines: string[] = []
  const keep = (chunk: Buffer): void => void lines.push(...chunk.toString().split('\n').filter(Boolean))
  child.stdout.on('data', keep)
  child.stderr.on('data', keep)
  const ended = once(child, 'exit').then(([code, signal]) => ({
    code: (code ?? signal) as number | string | null,
    seconds: (performance.now() - startedAt) / 1000,
  }))
  return { child, lines, ended }
}

async function until(what: string, { lines }: Running, isSo: (line: string) => boolean): Promise<void> {
  for (let turn = 0; turn < 4_500; turn++) {
    if (lines.some(isSo)) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  throw new Error(`waited in vain until ${what}\n${lines.join('\n')}`)
}

describe('a start that fails', () => {
  test.each(['web-bind-address', 'metrics-bind-address'])(
    'because --%s is taken ends with status 1 and one line that says so',
    async (flag) => {
      const running = run({ [flag]: takenPort() })
      expect((await running.ended).code).toBe(1)
      const errors = running.lines.filter((line) => !line.includes('"level":"info"'))
      expect(errors).toHaveLength(1)
      expect(errors[0]).toContain(`--${flag}: cannot listen on ${takenPort()}`)
    },
  )

  test('because there is no such kubeconfig context ends with status 1 and one line', async () => {
    await writeFile(join(directory, 'broken'), 'apiVersion: v1\nkind: Config\ncurrent-context: nowhere\n')
    const running = run({}, 'broken')
    expect((await running.ended).code).toBe(1)
    expect(running.lines.filter((line) => !line.includes('"level":"info"'))).toHaveLength(1)
  })
})

describe('SIGTERM', () => {
  test('stops a running operator in order', async () => {
    const running = run({})
    await until('it reconciles', running, (line) => line.includes('reconciling'))
    const before = performance.now()
    running.child.kill('SIGTERM')
    expect((await running.ended).code).toBe(0)
    expect(performance.now() - before).toBeLessThan(10_000)
    expect(running.lines.at(-1)).toContain('stopped')
  })

  test('stops an operator that is still starting because the API server does not answer', async () => {
    const running = run({}, 'unreachable')
    await until('it starts', running, (line) => line.includes('starting'))
    const before = performance.now()
    running.child.kill('SIGTERM')
    expect((await running.ended).code).toBe(0)
    expect(performance.now() - before).toBeLessThan(10_000)
  })
})

describe('a member of a ring', () => {
  test("holds no message of a condition of another member's Agent in memory, but those of its own", async () => {
    // A leader that is in no ring: the member watches, and reconciles nothing.
    const renewTime = new Date(clock.now()).toISOString().replace('Z', '000Z')
    apply('coordination.k8s.io/v1', 'Lease', 'calendar-operator', {
      spec: { holderIdentity: 'leader', leaseDurationSeconds: 3_600, renewTime, acquireTime: renewTime },
    })
    for (const [name, shard] of Object.entries({ ours: 'pod-a', theirs: 'pod-b' })) {
      const { apiVersion, kind, spec } = anAgent()
      apply(apiVersion, kind, name, { spec, labels: { [shardLabel('ring')]: shard } })
      const conditions = [condition(`the message of ${name}`)]
      kubernetes.patch({ kind: 'Agent', namespace: 'default', name, subresource: 'status' }, { status: { conditions } })
    }
    const running = run({ 'shard-ring': 'ring' })
    const heap = await heapOf(running).finally(() => running.child.kill('SIGTERM'))
    await running.ended
    const isHeld = (text: string): boolean => heap.includes(text)
    expect({ ours: isHeld('the message of ours'), theirs: isHeld('the message of theirs') }).toEqual({
      ours: true,
      theirs: false,
    })
  }, 300_000)
})

const condition = (message: string): object => ({
  type: 'Ready',
  status: 'True',
  reason: 'Ready',
  message,
  lastTransitionTime: '2026-01-01T00:00:00Z',
})

function apply(apiVersion: string, kind: string, name: string, { labels = {}, spec }: Content): void {
  kubernetes.apply({ apiVersion, kind, metadata: { name, namespace: 'default', labels }, spec })
}

interface Content {
  labels?: Record<string, string>
  spec: object
}

/** The heap of a member that knows all Agents and waits for the leader, as the text of a snapshot. */
async function heapOf(running: Running): Promise<string> {
  await until('it waits for the leader', running, (line) => line.includes('the ring has no member'))
  running.child.kill('SIGUSR2')
  for (let turn = 0; turn < 10_000; turn++) {
    const name = (await readdir(directory)).find((one) => one.endsWith('.heapsnapshot'))
    if (name !== undefined && (await endOf(join(directory, name))).endsWith(']}'))
      return readFile(join(directory, name), 'latin1')
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  throw new Error('waited in vain until there is a heap snapshot')
}

/** The last characters of a file. */
async function endOf(path: string): Promise<string> {
  const file = await open(path)
  try {
    const { size } = await file.stat()
    const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(8), position: Math.max(0, size - 8) })
    return buffer.toString('latin1', 0, bytesRead).trimEnd()
  } finally {
    await file.close()
  }
}
