/** Makes the files of a release under dist/release, before they are checked. `make build` has run before. */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CHART, DEPLOY, helm, run } from '../deploy/support/render.ts'
import { bases, Store } from '../image/support/bases.ts'
import { buildImage, ROOT } from '../image/support/build.ts'
import { requireTools, say } from '../image/support/tools.ts'
import { withLock } from '../real/assets/lock.ts'
import { findPrograms } from '../real/assets.ts'
import { findTool } from '../real/tools.ts'

export const RELEASE = join(ROOT, 'dist/release')

export default async function setup(): Promise<void> {
  requireTools()
  rmSync(RELEASE, { recursive: true, force: true })
  mkdirSync(RELEASE, { recursive: true })
  await findTool('helm')
  const { kubectl } = await findPrograms()
  say('dist/release: manifests, chart, bill of materials, checksums')
  const manifests = await run(kubectl, ['kustomize', join(DEPLOY, 'overlays/cluster-wide')])
  writeFileSync(join(RELEASE, 'install.yaml'), manifests)
  await helm(['package', CHART, '--destination', RELEASE])
  writeFileSync(join(RELEASE, 'sbom.cdx.json'), await run(process.execPath, ['scripts/sbom.mjs']))
  writeFileSync(join(RELEASE, 'checksums.txt'), checksums())
  await makeImage()
}

/** As sha256sum prints them, of all files that are there. */
function checksums(): string {
  const sumOf = (file: string): string =>
    createHash('sha256')
      .update(readFileSync(join(RELEASE, file)))
      .digest('hex')
  const files = readdirSync(RELEASE).sort()
  return files.map((file) => `${sumOf(file)}  ${file}\n`).join('')
}

/** Of this commit and for this machine's platform, in an OCI layout. The digests in it are its checksums. */
async function makeImage(): Promise<void> {
  const store = new Store()
  const work = mkdtempSync(join(tmpdir(), 'release-image-'))
  const revision = execFileSync('git', ['rev-parse', 'HEAD'], { cwd: ROOT, encoding: 'utf8' }).trim()
  say('dist/release/image: the image, with npm ci')
  try {
    await withLock(store.directory, say, async () => {
      store.prepare(bases(readFileSync(join(ROOT, 'Dockerfile'), 'utf8')))
      const { layout } = buildImage(store, ROOT, work, { REVISION: revision })
      execFileSync('cp', ['--recursive', layout, join(RELEASE, 'image')])
      return Promise.resolve()
    })
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}
