/** What is installed, rendered without a cluster: the overlays by `kubectl kustomize`, the chart by `helm template`. */
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { promisify } from 'node:util'
import { fileURLToPath } from 'node:url'
import { parseAllDocuments, stringify } from 'yaml'
import { findPrograms } from '../../real/assets.ts'
import { findTool } from '../../real/tools.ts'

export const DEPLOY = fileURLToPath(new URL('../../../deploy/', import.meta.url))
export const CHART = join(DEPLOY, 'chart/calendar-operator')
/** Where the documentation installs it, and under which name. */
export const NAMESPACE = 'calendar-operator'
export const RELEASE = 'calendar-operator'

export interface Manifest {
  apiVersion: string
  kind: string
  metadata: {
    name: string
    namespace?: string
    labels?: Record<string, string>
    annotations?: Record<string, string>
  }
  [field: string]: unknown
}

/** The chart's values, as far as a test says something else than the defaults. */
export type Values = Record<string, unknown>

/** @param path from deploy/. */
export async function kustomize(path: string): Promise<Manifest[]> {
  const { kubectl } = await findPrograms()
  return manifestsOf(await run(kubectl, ['kustomize', join(DEPLOY, path)]))
}

/** As a user's own kustomization does it that adds a component to one of our overlays. */
export async function kustomizeWith(overlay: string, component: string): Promise<Manifest[]> {
  const { kubectl } = await findPrograms()
  return inDirectory(async (directory) => {
    // kustomize takes no absolute paths.
    const from = (path: string): string => relative(directory, join(DEPLOY, path))
    const kustomization = { resources: [from(overlay)], components: [from(component)] }
    writeFileSync(join(directory, 'kustomization.yaml'), stringify(kustomization))
    return manifestsOf(await run(kubectl, ['kustomize', directory]))
  })
}

/** @throws Error with what Helm complains of. */
export async function helmTemplate(values: Values = {}): Promise<Manifest[]> {
  return manifestsOf(await helm(['template', RELEASE, CHART, '--namespace', NAMESPACE], values))
}

/** Runs Helm with homes of its own: no repository, plugin or setting of the user's reaches in. @throws Error with its message. */
export async function helm(args: readonly string[], values: Values = {}, kubeconfig = ''): Promise<string> {
  const program = await findTool('helm')
  return inDirectory(async (directory) => {
    const file = join(directory, 'values.json')
    writeFileSync(file, JSON.stringify(values))
    const homes = ['CACHE', 'CONFIG', 'DATA'].map((which) => [`HELM_${which}_HOME`, directory])
    const env = { PATH: process.env.PATH, HOME: directory, KUBECONFIG: kubeconfig, ...(Object.fromEntries(homes) as object) }
    const takesValues = ['template', 'install', 'upgrade', 'lint'].includes(args[0] ?? '')
    return run(program, [...args, ...(takesValues ? ['--values', file] : [])], env)
  })
}

/** The standard output. @throws Error with the standard error. */
export async function run(program: string, args: readonly string[], env?: NodeJS.ProcessEnv): Promise<string> {
  const { stdout } = await promisify(execFile)(program, args, { env: env ?? process.env, maxBuffer: 2 ** 26 })
  return stdout
}

export async function inDirectory<T>(work: (directory: string) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), 'deploy-'))
  try {
    return await work(directory)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

function manifestsOf(text: string): Manifest[] {
  const objects = parseAllDocuments(text).map((document) => document.toJS() as Manifest | null)
  return objects.filter((object) => object !== null)
}

/** As people say it: `Role booking/calendar-operator`. */
export function titleOf({ kind, metadata: { namespace, name } }: Manifest): string {
  return `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`
}
