// Derives from crds/*.yaml what must agree with them: TypeScript types, the embedded CRDs, editor schemas and reference
// pages; from package.json the version and the names of a release; and what deploy/ says twice. `--check` writes nothing and fails when something on disk is not what would be written.
import { readdir, readFile, writeFile, mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { parse } from 'yaml'
import { deploymentFiles } from './generate/deployment.mjs'
import { editorSchema } from './generate/editor-schema.mjs'
import { embeddedCrds } from './generate/embedded-crds.mjs'
import { reasonsOf } from './generate/reasons.mjs'
import { referencePage } from './generate/reference-page.mjs'
import { releaseFiles } from './generate/release.mjs'
import { types } from './generate/types.mjs'

const ROOT = join(import.meta.dirname, '..')

async function readCrds() {
  const names = (await readdir(join(ROOT, 'crds'))).filter((name) => name.endsWith('.yaml')).sort()
  const texts = await Promise.all(names.map((name) => readFile(join(ROOT, 'crds', name), 'utf8')))
  return texts.map((text) => parse(text)).filter((document) => document.kind === 'CustomResourceDefinition')
}

const example = (singular) => readFile(join(ROOT, `docs/reference/examples/${singular}.yaml`), 'utf8')

/** Everything that is generated: path from the repository's root → content. */
async function generated(crds) {
  const release = await releaseFiles(ROOT)
  const deployment = await deploymentFiles(ROOT, release)
  const files = new Map([['src/resources/generated/crds.ts', embeddedCrds(crds)], ...release, ...deployment])
  for (const crd of crds) {
    const { singular, kind } = crd.spec.names
    files.set(`src/resources/generated/${singular}.ts`, await types(crd))
    files.set(`docs/reference/${singular}.md`, referencePage(crd, await example(singular), await reasonsOf(kind)))
    for (const version of crd.spec.versions) {
      files.set(`schemas/${singular}_${version.name}.json`, await editorSchema(crd, version))
    }
  }
  return files
}

async function isStale(path, content) {
  const onDisk = await readFile(join(ROOT, path), 'utf8').catch(() => undefined)
  return onDisk !== content
}

async function save(path, content) {
  await mkdir(dirname(join(ROOT, path)), { recursive: true })
  await writeFile(join(ROOT, path), content)
  console.log(`wrote ${path}`)
}

const checkOnly = process.argv.includes('--check')
for (const [path, content] of await generated(await readCrds())) {
  if (!(await isStale(path, content))) continue
  if (!checkOnly) await save(path, content)
  else {
    console.error(`${path} is stale: run npm run generate`)
    process.exitCode = 1
  }
}
