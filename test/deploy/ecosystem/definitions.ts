/**
 * The CRDs of the tools that our examples speak to, as their own projects publish them: read from their Go modules, at the
 * versions and sums of modules/go.mod and modules/go.sum.
 */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { fileURLToPath } from 'node:url'
import { readFileSync } from 'node:fs'

const MODULES = fileURLToPath(new URL('modules/', import.meta.url))

/** Module → the files in it. */
const FILES = {
  'github.com/fluxcd/source-controller': ['config/crd/bases/source.toolkit.fluxcd.io_gitrepositories.yaml'],
  'github.com/fluxcd/kustomize-controller': ['config/crd/bases/kustomize.toolkit.fluxcd.io_kustomizations.yaml'],
  'github.com/fluxcd/helm-controller': ['config/crd/bases/helm.toolkit.fluxcd.io_helmreleases.yaml'],
  'github.com/argoproj/argo-cd/v3': ['manifests/crds/application-crd.yaml'],
  'github.com/external-secrets/external-secrets': ['config/crds/bases/external-secrets.io_externalsecrets.yaml'],
  'sigs.k8s.io/gateway-api': [
    'config/crd/standard/gateway.networking.k8s.io_gateways.yaml',
    'config/crd/standard/gateway.networking.k8s.io_httproutes.yaml',
  ],
  'github.com/prometheus-operator/prometheus-operator': [
    'example/prometheus-operator-crd/monitoring.coreos.com_servicemonitors.yaml',
    'example/prometheus-operator-crd/monitoring.coreos.com_prometheusrules.yaml',
  ],
}

/** Their YAML. @throws Error where Go is missing, or a module can't be had or has another sum. */
export async function definitionsOfOthers(): Promise<string[]> {
  const texts: string[] = []
  for (const [module, files] of Object.entries(FILES)) {
    const directory = await download(module)
    for (const file of files) texts.push(readFileSync(join(directory, file), 'utf8'))
  }
  return texts
}

/** Downloads into Go's own cache, and returns the path. */
async function download(module: string): Promise<string> {
  const required = readFileSync(join(MODULES, 'go.mod'), 'utf8')
  const version = required
    .split('\n')
    .find((line) => line.trim().startsWith(`${module} `))
    ?.trim()
    .split(' ')[1]
  if (!version) throw new Error(`${MODULES}go.mod requires no ${module}`)
  const options = { cwd: MODULES, env: { ...process.env, GOWORK: 'off' } }
  const { stdout } = await promisify(execFile)('go', ['mod', 'download', '-json', `${module}@${version}`], options)
  return (JSON.parse(stdout) as { Dir: string }).Dir
}
