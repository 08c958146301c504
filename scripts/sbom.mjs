// The bill of materials of dist/main.js, as CycloneDX: what npm says of our packages, less those of which the bundle holds
// nothing. A bundle hides its packages from scanners; this tells them. Run it after `npm run build`.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { packagesOf } from './licences.mjs'

// Not `--omit=dev`: that leaves out what development needs too, such as yaml. The bundle tells better what ships.
const NPM = ['sbom', '--sbom-format=cyclonedx', '--package-lock-only']

/**
 * Each package of the bundle, as npm refers to it: `name@version`, with the licence that it names. Two versions of one
 * package are two.
 */
function bundled() {
  const metafile = JSON.parse(readFileSync('dist/metafile.json', 'utf8'))
  const manifests = packagesOf(metafile).map((folder) => JSON.parse(readFileSync(`${folder}/package.json`, 'utf8')))
  return new Map(manifests.map(({ name, version, license }) => [`${name}@${version}`, license]))
}

/** @throws Error when the bundle holds a package that package-lock.json doesn't have. */
function keep(components, packages) {
  const known = new Set(components.map((component) => component['bom-ref']))
  const strange = [...packages.keys()].filter((name) => !known.has(name))
  if (strange.length > 0) throw new Error(`in the bundle, but not in package-lock.json: ${strange.join(', ')}`)
  return components
    .filter((component) => packages.has(component['bom-ref']))
    .map((component) => withLicence(component, packages.get(component['bom-ref'])))
}

/** npm leaves out a licence that SPDX has no sign for, such as `BSD`: CycloneDX takes such a one by its name. */
function withLicence(component, name) {
  return component.licenses || !name ? component : { ...component, licenses: [{ license: { name } }] }
}

/** No number and no time of its own: the same sources give the same text. */
export function sbom() {
  const whole = JSON.parse(execFileSync('npm', NPM, { encoding: 'utf8', maxBuffer: 2 ** 26 }))
  const { metadata, components, dependencies, $schema, bomFormat, specVersion, version } = whole
  const packages = bundled()
  const program = metadata.component['bom-ref']
  const { name } = JSON.parse(readFileSync('package.json', 'utf8'))
  return {
    $schema,
    bomFormat,
    specVersion,
    version,
    metadata: {
      lifecycles: [{ phase: 'build' }],
      tools: metadata.tools,
      component: { ...metadata.component, name, type: 'application' },
    },
    components: keep(components, packages),
    dependencies: dependencies
      .filter(({ ref }) => ref === program || packages.has(ref))
      .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((one) => packages.has(one)) })),
  }
}

if (process.argv[1] === import.meta.filename) console.log(JSON.stringify(sbom(), null, 2))
