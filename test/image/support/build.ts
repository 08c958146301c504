/** Builds the image from the Dockerfile without a container engine, and opens it. */
import { cpSync, existsSync, mkdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Store } from './bases.ts'
import { run } from './tools.ts'

export const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
/** All that a build may read; what .dockerignore leaves out of it is its own affair. */
const CONTEXT = [
  '.dockerignore',
  'Dockerfile',
  'LICENSE',
  'package.json',
  'package-lock.json',
  'tsconfig.json',
  'src',
  'scripts',
]
const TAG = 'test'

export interface ImageConfig {
  architecture: string
  os: string
  config: {
    User?: string
    Env?: string[]
    Entrypoint?: string[]
    Cmd?: string[]
    WorkingDir?: string
    ExposedPorts?: Record<string, object>
    Labels?: Record<string, string>
  }
  rootfs: { diff_ids: string[] }
  history?: { created_by?: string; empty_layer?: boolean }[]
}

/** An image as it lies in an OCI layout. */
export interface Image {
  /** The directory of the layout. */
  layout: string
  /** The files of the layers, the base's first, with their sizes in bytes as pulled. */
  layers: { path: string; size: number }[]
  config: ImageConfig
}

/** A context of its own, whose files have other times than ours. */
export function copyContext(to: string): string {
  for (const name of CONTEXT) cpSync(join(ROOT, name), join(to, name), { recursive: true })
  for (const name of CONTEXT) utimesSync(join(to, name), 1, 1)
  return to
}

/** @param work an empty directory: the layout is written to `layout/` in it. @param given the Dockerfile's arguments. */
export function buildImage(store: Store, context: string, work: string, given: Record<string, string> = {}): Image {
  const name = `localhost/calendar-operator:${TAG}`
  const buildArgs = Object.entries(given).flatMap(([key, value]) => ['--build-arg', `${key}=${value}`])
  const options = ['--pull-never', '--no-cache', '--network', 'host', ...npmMounts(work), ...buildArgs]
  store.buildah('bud', ...options, '--tag', name, context)
  const layout = join(work, 'layout')
  store.buildah('push', '--quiet', name, `oci:${layout}:${TAG}`)
  store.buildah('rmi', name)
  return openLayout(layout)
}

/** npm in the build finds packages where npm here does; no credentials go with that. */
function npmMounts(work: string): string[] {
  const configured = (key: string): string => run('npm', ['config', 'get', key]).trim()
  const authorities = [configured('cafile'), process.env.NODE_EXTRA_CA_CERTS ?? ''].find((path) => existsSync(path))
  const npmrc = join(work, 'npmrc')
  mkdirSync(work, { recursive: true })
  const lines = [`registry=${configured('registry')}`, ...(authorities ? ['cafile=/run/authorities.crt'] : [])]
  writeFileSync(npmrc, `${lines.join('\n')}\n`)
  const mount = (from: string, to: string): string[] => ['--volume', `${from}:${to}:ro`]
  return [...mount(npmrc, '/src/.npmrc'), ...(authorities ? mount(authorities, '/run/authorities.crt') : [])]
}

interface Descriptor {
  digest: string
  size: number
}

/** Reads the index, the manifest and the configuration of an OCI layout. */
export function openLayout(layout: string): Image {
  const blob = ({ digest }: Descriptor): string => join(layout, 'blobs', digest.replace(':', '/'))
  const read = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'))
  const index = read(join(layout, 'index.json')) as { manifests: [Descriptor] }
  const manifest = read(blob(index.manifests[0])) as { config: Descriptor; layers: Descriptor[] }
  return {
    layout,
    layers: manifest.layers.map((layer) => ({ path: blob(layer), size: layer.size })),
    config: read(blob(manifest.config)) as ImageConfig,
  }
}

/** A runtime bundle: `rootfs/`, and a `config.json` to be changed. */
export function unpack({ layout }: Image, bundle: string): void {
  run('umoci', ['unpack', '--image', `${layout}:${TAG}`, bundle])
}
