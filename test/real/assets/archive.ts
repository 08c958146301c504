/**
 * Downloads what the Kubernetes project publishes: etcd, kube-apiserver and kubectl from the envtest archive, as
 * controller-runtime's `setup-envtest` does it, and kube-controller-manager, which that archive lacks, from dl.k8s.io.
 * Behind a closed network the first request fails within seconds and the next way is tried.
 */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { promisify } from 'node:util'
import { EnvHttpProxyAgent, fetch } from 'undici'
import type { Response } from 'undici'
import { parse } from 'yaml'
import type { Order } from './programs.ts'
import { inScratch, install } from './scratch.ts'

const INDEX = 'https://raw.githubusercontent.com/kubernetes-sigs/controller-tools/HEAD/envtest-releases.yaml'
const RELEASES = 'https://dl.k8s.io'
const PROGRESS_EVERY_MS = 15_000

export interface Sources {
  /** The index of envtest archives. */
  index: string
  /** An origin that serves `/v1.2.3/bin/linux/amd64/<program>` and `<program>.sha512`. */
  releases: string
  /** How long a server may take to begin an answer. */
  answerWithinMs: number
}

interface Index {
  releases: Record<string, Record<string, { hash: string; selfLink: string }>>
}

/** @throws Error when the network is closed, no archive of this minor version and platform is there, or a sum is wrong. */
export async function downloadArchive(order: Order, sources: Partial<Sources> = {}): Promise<void> {
  const from = { index: INDEX, releases: RELEASES, answerWithinMs: 5_000, ...sources }
  // The cache's name has Node's words for the platform; the archives have Go's.
  const platform = { os: process.platform, arch: process.arch === 'x64' ? 'amd64' : process.arch }
  const get = getter(from.answerWithinMs)
  order.log(`looking for Kubernetes ${order.kubernetesVersion} in the envtest archives`)
  const index = parse(await (await get(from.index)).text()) as Index
  const release = newestPatch(index, order.kubernetesVersion)
  const archive = index.releases[release]?.[`envtest-${release}-${platform.os}-${platform.arch}.tar.gz`]
  if (!archive) throw new Error(`no envtest archive ${release} for ${platform.os}-${platform.arch}`)

  const inArchive = order.missing.filter((program) => program !== 'kube-controller-manager')
  await inScratch(order.directory, async (scratch) => {
    if (inArchive.length === 0) return
    const file = join(scratch, 'envtest.tar.gz')
    await save(await get(archive.selfLink), file, archive.hash, order.log)
    await promisify(execFile)('tar', ['-xzf', file, '--strip-components=2', '-C', scratch])
    install(inArchive, scratch, order.directory)
  })
  if (!order.missing.includes('kube-controller-manager')) return
  await inScratch(order.directory, async (scratch) => {
    const url = `${from.releases}/${release}/bin/${platform.os}/${platform.arch}/kube-controller-manager`
    const sum = (await (await get(`${url}.sha512`)).text()).trim()
    await save(await get(url), join(scratch, 'kube-controller-manager'), sum, order.log)
    install(['kube-controller-manager'], scratch, order.directory)
  })
}

/** Archives are not published for every patch version; any patch of the same minor version behaves the same. */
function newestPatch(index: Index, version: string): string {
  const minor = `v${version.split('.').slice(0, 2).join('.')}.`
  const patches = Object.keys(index.releases)
    .filter((release) => release.startsWith(minor) && /^\d+$/.test(release.slice(minor.length)))
    .sort((a, b) => Number(b.slice(minor.length)) - Number(a.slice(minor.length)))
  if (!patches[0]) throw new Error(`no envtest archive of Kubernetes ${minor}x is listed`)
  return patches[0]
}

function getter(answerWithinMs: number) {
  const dispatcher = new EnvHttpProxyAgent({
    connect: { timeout: answerWithinMs },
    headersTimeout: answerWithinMs,
    bodyTimeout: 30_000,
  })
  return async (url: string): Promise<Response> => {
    const response = await fetch(url, { dispatcher }).catch((error: unknown) => {
      const cause = error instanceof Error ? error.cause : undefined
      throw new Error(`${new URL(url).host} is out of reach${cause instanceof Error ? `: ${cause.message}` : ''}`)
    })
    if (!response.ok) throw new Error(`${url} answered ${response.status}`)
    return response
  }
}

async function save(response: Response, file: string, sha512: string, log: (line: string) => void): Promise<void> {
  const total = Number(response.headers.get('content-length') ?? 0)
  const hash = createHash('sha512')
  let received = 0
  const megabytes = (bytes: number) => (bytes / 1e6).toFixed(0)
  const said = () => `${megabytes(received)} of ${total ? megabytes(total) : '?'} MB of ${response.url}`
  const timer = setInterval(() => log(`downloading ${said()}`), PROGRESS_EVERY_MS)
  const measure = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk)
      received += chunk.length
      done(null, chunk)
    },
  })
  try {
    if (!response.body) throw new Error(`${response.url} answered without a body`)
    await pipeline(Readable.fromWeb(response.body), measure, createWriteStream(file))
  } finally {
    clearInterval(timer)
  }
  if (hash.digest('hex') !== sha512.toLowerCase())
    throw new Error(`the SHA-512 sum of ${response.url} is not the published one`)
  log(`downloaded ${said()}, sum verified`)
}
