/** What `make release-check` has made is what docs/install.md says that a release has. */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { helm, kustomize, NAMESPACE, type Manifest } from '../deploy/support/render.ts'
import { openLayout, ROOT } from '../image/support/build.ts'
import { RELEASE } from './setup.ts'

const read = (path: string): string => readFileSync(join(RELEASE, path), 'utf8')

const { version, dependencies, release } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  version: string
  dependencies: Record<string, string>
  release: { image: string }
}
const chart = `calendar-operator-${version}.tgz`
const image = `${release.image}:${version}`

const objectsOf = (text: string): Manifest[] => parseAllDocuments(text).map((one) => one.toJS() as Manifest)

/** Every image that containers of these objects name. */
const imagesOf = (text: string): string[] =>
  [...text.matchAll(/^\s+(?:- )?image: "?([^\s"]+)"?$/gm)].map(([, name = '']) => name)

test('the release has the files that docs/install.md names, and no other', () => {
  const files = ['checksums.txt', chart, 'image', 'install.yaml', 'sbom.cdx.json']
  expect(readdirSync(RELEASE).sort()).toEqual(files.sort())
})

describe('checksums.txt', () => {
  test('agrees with every file, as sha256sum reads it', () => {
    const said = execFileSync('sha256sum', ['--check', '--strict', 'checksums.txt'], { cwd: RELEASE, encoding: 'utf8' })
    expect(said.trimEnd().split('\n').sort()).toEqual(
      [chart, 'install.yaml', 'sbom.cdx.json'].map((file) => `${file}: OK`).sort(),
    )
  })
})

describe('install.yaml', () => {
  const text = read('install.yaml')

  test('names the image of this version, and no other', () => {
    expect(imagesOf(text)).toEqual([image])
  })

  test('has the CRDs before everything else that could need them, and all that the overlay has', async () => {
    const objects = objectsOf(text)
    expect(objects).toEqual(await kustomize('overlays/cluster-wide'))
    const kinds = objects.map(({ kind }) => kind)
    expect(kinds.lastIndexOf('CustomResourceDefinition')).toBeLessThan(kinds.indexOf('Deployment'))
  })
})

describe("the chart's package", () => {
  const path = join(RELEASE, chart)

  test('lints without a warning', async () => {
    const said = await helm(['lint', '--strict', path])
    expect(said).toMatch(/1 chart\(s\) linted, 0 chart\(s\) failed/)
  })

  test('bears the version, as the program does', async () => {
    const said = await helm(['show', 'chart', path])
    expect(said).toMatch(new RegExp(`^version: ${version}$`, 'm'))
    expect(said).toMatch(new RegExp(`^appVersion: ${version}$`, 'm'))
  })

  test('renders the image of this version', async () => {
    expect(imagesOf(await helm(['template', 'calendar-operator', path, '--namespace', NAMESPACE]))).toEqual([image])
  })
})

describe('the bill of materials', () => {
  const sbom = JSON.parse(read('sbom.cdx.json')) as {
    bomFormat: string
    metadata: { component: { name: string; version: string } }
    components: { name: string; version: string }[]
  }

  test('is of this version', () => {
    expect(sbom.bomFormat).toBe('CycloneDX')
    expect(sbom.metadata.component).toMatchObject({ name: 'calendar-operator', version })
  })

  test('lists every dependency of package.json', () => {
    const listed = sbom.components.map(({ name }) => name)
    expect(Object.keys(dependencies).filter((name) => !listed.includes(name))).toEqual([])
  })
})

describe('the image', () => {
  const directory = join(RELEASE, 'image')

  test('is an OCI layout whose blobs have the digests by which they are named', () => {
    expect(JSON.parse(read('image/oci-layout'))).toEqual({ imageLayoutVersion: '1.0.0' })
    const blobs = readdirSync(join(directory, 'blobs/sha256'))
    const wrong = blobs.filter(
      (name) =>
        name !==
        createHash('sha256')
          .update(readFileSync(join(directory, 'blobs/sha256', name)))
          .digest('hex'),
    )
    expect({ wrong, enough: blobs.length > 3 }).toEqual({ wrong: [], enough: true })
    expect(openLayout(directory).layers.filter(({ path }) => !existsSync(path))).toEqual([])
  })

  test('says of which version and commit it is', () => {
    const head = execFileSync('git', ['rev-parse', 'HEAD'], { cwd: ROOT, encoding: 'utf8' }).trim()
    expect(openLayout(directory).config.config.Labels).toMatchObject({
      'org.opencontainers.image.version': version,
      'org.opencontainers.image.revision': head,
    })
  })
})
