/**
 * What is in the image, looked at without running it: our own layer to the last file, what its configuration says, and that
 * another build makes the same. What the base holds is the base's affair (docs/image.md).
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, inject, test } from 'vitest'
import { imageNodeFlags } from '../../scripts/node.mjs'
import { ROOT } from './support/build.ts'
import { entriesOf, fileOf, textOf } from './support/layer.ts'
import { run, say } from './support/tools.ts'

interface Bundle {
  outputs: Record<string, { inputs: Record<string, { bytesInOutput: number }> }>
}

interface Package {
  name: string
  version: string
}

interface SBOM {
  bomFormat: string
  metadata: { component: Package; timestamp?: string }
  serialNumber?: string
  components: (Package & { purl: string; licenses?: unknown[]; hashes?: unknown[] })[]
  dependencies: { ref: string; dependsOn: string[] }[]
}

const image = inject('image')
const again = inject('again')
const [base, ours, ...more] = image.layers
const layer = ours?.path ?? ''
const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Package
const dockerfile = readFileSync(join(ROOT, 'Dockerfile'), 'utf8')

const SECRETS = [
  /-----BEGIN [A-Z ]*PRIVATE KEY-----\s*[A-Za-z0-9+/]{40}/,
  /_authToken|npm_[A-Za-z0-9]{36}|ghp_[A-Za-z0-9]{36}/,
  /GOCSPX-[\w-]{20}|ya29\.[\w-]{20}/,
]

/** From the bundle itself, by the longest path that names a package: not by what scripts/ makes of it. */
function bundledPackages(): Package[] {
  const { outputs } = JSON.parse(readFileSync(join(ROOT, 'dist/metafile.json'), 'utf8')) as Bundle
  const inputs = Object.values(outputs).flatMap((output) => Object.entries(output.inputs))
  const folders = inputs
    .filter(([path, { bytesInOutput }]) => path.includes('node_modules/') && bytesInOutput > 0)
    .map(([path]) => /^.*node_modules\/(@[^/]+\/)?[^/]+(?=\/)/.exec(path)?.[0] ?? path)
  return [...new Set(folders)].map((folder) => {
    const { name, version } = JSON.parse(readFileSync(join(ROOT, folder, 'package.json'), 'utf8')) as Package
    return { name, version }
  })
}

const sorted = (packages: Package[]): string[] =>
  [...new Set(packages.map(({ name, version }) => `${name}@${version}`))].sort()

describe('what we add to the base', () => {
  test('is one layer', () => {
    expect(base).toBeDefined()
    expect(more).toEqual([])
    const added = (ours?.size ?? 0) / 1e6
    say(`our layer: ${added.toFixed(2)} MB as pulled, ${(textOf(layer).length / 1e6).toFixed(1)} MB unpacked`)
  })

  test('is these files and no others, readable for all, writable for root alone', () => {
    const found = entriesOf(layer).filter(({ path }) => path !== '')
    expect(found.map(({ mode, owner, path }) => `${mode} ${owner} ${path}`).sort()).toEqual([
      '-rw-r--r-- 0/0 app/LICENCES.txt',
      '-rw-r--r-- 0/0 app/LICENSE',
      '-rw-r--r-- 0/0 app/googleapis.js',
      '-rw-r--r-- 0/0 app/main.js',
      '-rw-r--r-- 0/0 app/oidc.js',
      '-rw-r--r-- 0/0 app/package.json',
      '-rw-r--r-- 0/0 app/sbom.cdx.json',
      'drwxr-xr-x 0/0 app',
    ])
    expect(new Set(found.map(({ time }) => time))).toEqual(new Set([0]))
  })

  test('is the very bundle that the other tests run', () => {
    expect(fileOf(layer, 'app/main.js') === readFileSync(join(ROOT, 'dist/main.js'), 'utf8')).toBe(true)
  })

  test('is the same, byte for byte, when it is built again from files of other times', () => {
    expect(again.config.rootfs.diff_ids.at(-1)).toBe(image.config.rootfs.diff_ids.at(-1))
  })

  test('holds no key, no token, nothing of npm, and not where packages came from', () => {
    const text = textOf(layer)
    // Neither the text nor what is found in it is printed: it may be a secret.
    expect(SECRETS.filter((pattern) => pattern.test(text)).map(String)).toEqual([])
    const registry = new URL(run('npm', ['config', 'get', 'registry']).trim()).host
    const places = [ROOT, 'authorities.crt', registry]
    expect(places.filter((place) => text.includes(place)).length).toBe(0)
    expect(/npmrc|authorities|_authToken|password/i.test(JSON.stringify(image.config))).toBe(false)
  })
})

describe('its configuration', () => {
  const { config } = image.config

  test('names a user that is not root by number, so that runAsNonRoot can be checked', () => {
    expect(config.User).toBe('65532:65532')
  })

  test('starts Node itself on the bundle, with no shell between, so that signals arrive', () => {
    expect(config.Entrypoint).toEqual(['/nodejs/bin/node', ...imageNodeFlags(), '/app/main.js'])
    expect(config.Cmd).toEqual(['run'])
  })

  test('sets nothing in the environment but NODE_ENV and the number of arenas', () => {
    const set = (config.Env ?? []).filter((variable) => !variable.startsWith('PATH='))
    expect(set).toEqual(['NODE_ENV=production', 'MALLOC_ARENA_MAX=1'])
  })

  test('has the labels of OCI, with the version of package.json', () => {
    expect(config.Labels).toMatchObject({
      'org.opencontainers.image.title': 'calendar-operator',
      'org.opencontainers.image.version': version,
      'org.opencontainers.image.licenses': 'Apache-2.0',
      'org.opencontainers.image.base.name': /^ARG BASE_IMAGE=(\S+)$/m.exec(dockerfile)?.[1],
    })
  })

  test("uses a base that is named with Node's version and Debian's, never by latest", () => {
    for (const [, name = ''] of dockerfile.matchAll(/^ARG \w+_IMAGE=(\S+)$/gm)) {
      expect(name).toMatch(/nodejs24-debian13:nonroot$|^node:24-trixie-slim$/)
    }
  })
})

describe('what goes with the program', () => {
  const sbom = JSON.parse(fileOf(layer, 'app/sbom.cdx.json')) as SBOM

  test('is a CycloneDX list of exactly the packages in the bundle, twice if there are two versions', () => {
    expect(sbom.bomFormat).toBe('CycloneDX')
    expect(sbom.metadata.component).toMatchObject({ name: 'calendar-operator', version })
    expect(sorted(sbom.components)).toEqual(sorted(bundledPackages()))
    say(`${sbom.components.length} packages are in the bundle`)
  })

  test('lists the origin, checksum and licence of each package', () => {
    for (const { name, version, purl, licenses, hashes } of sbom.components) {
      expect(purl).toBe(`pkg:npm/${name.replace('@', '%40')}@${version}`)
      expect([name, licenses?.length ?? 0, hashes?.length ?? 0]).toEqual([name, 1, 1])
    }
  })

  test('refers to nothing that it does not list, and bears no time or number of its own', () => {
    const refs = new Set(sbom.dependencies.map(({ ref }) => ref))
    expect(sbom.dependencies.flatMap(({ dependsOn }) => dependsOn).filter((ref) => !refs.has(ref))).toEqual([])
    expect([sbom.serialNumber, sbom.metadata.timestamp]).toEqual([undefined, undefined])
  })

  test('is the licence of each package in the bundle, and our own', () => {
    const texts = fileOf(layer, 'app/LICENCES.txt')
    for (const { name, version } of bundledPackages()) expect(texts).toContain(`${name} ${version} (`)
    expect(fileOf(layer, 'app/LICENSE')).toContain('Apache License')
  })
})
