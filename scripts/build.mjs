// Bundles what ships (dist/main.js, and two others, which it loads only when it needs them) and what the demo and the tests start
// (the sandbox, the demo): one file each. Beside what ships lie the licences of all that is in it, and what it was made of
// (scripts/sbom.mjs reads that).
import { existsSync, statSync } from 'node:fs'
import { chmod, readFile, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { build, transform } from 'esbuild'
import { licencesOf } from './licences.mjs'

process.chdir(join(import.meta.dirname, '..'))

const TARGET = 'node20'

const BUNDLES = [
  { from: 'src/main.ts', to: 'dist/main.js', ships: true },
  { from: 'src/kubernetes/oidc.ts', to: 'dist/oidc.js', ships: true, isLibrary: true },
  { from: 'src/google/googleapis.ts', to: 'dist/googleapis.js', ships: true, isLibrary: true },
  { from: 'sandbox/main.ts', to: 'dist/sandbox.js', ships: false },
  { from: 'demo/demo.ts', to: 'dist/demo.js', ships: false },
]

// Some dependencies are CommonJS and call `require`, which an ES module doesn't have.
const REQUIRE =
  "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);"

/** Leaves what is a bundle of its own out of the others: they load it from beside them. */
const OWN_BUNDLES = {
  name: 'own-bundles',
  setup: (build) =>
    build.onResolve({ filter: /^\.\/(oidc|googleapis)\.ts$/ }, ({ kind, path }) =>
      kind === 'dynamic-import' ? { path: path.replace('.ts', '.js'), external: true } : undefined,
    ),
}

/** Gives our own code the parts of undici that it uses. A name that is not among them ends the build. */
const UNDICI_PARTS = {
  name: 'undici-parts',
  setup: (build) =>
    build.onResolve({ filter: /^undici$/ }, ({ importer }) =>
      importer.startsWith(join(process.cwd(), 'src/'))
        ? { path: join(import.meta.dirname, 'undici-parts.mjs') }
        : undefined,
    ),
}

/**
 * Leaves out what packages would load at the start, though nothing that we ask of them uses it: HTTP/2 of undici, which is on only
 * if asked for, and pino's logging from a thread. Whoever uses it after all gets an error that names it.
 */
const LEFT_OUT = /(undici\/lib\/dispatcher\/client-h2|pino\/lib\/transport)\.js$/
const WITHOUT_UNUSED = {
  name: 'without-unused',
  setup: (build) =>
    build.onLoad({ filter: LEFT_OUT }, ({ path }) => ({
      contents: `module.exports = () => { throw new Error('${basename(path)} is not in this bundle') }`,
    })),
}

/** Lets Node's HTTP/2 wait until Hono is loaded: Node loads what an ES module imports at the start, but not what is required. */
const HTTP2_WHEN_USED = {
  name: 'http2-when-used',
  setup(build) {
    const namespace = 'required'
    build.onResolve({ filter: /^(node:)?http2$/ }, ({ path, kind }) =>
      kind === 'import-statement' ? { path, namespace } : { path, external: true },
    )
    build.onLoad({ filter: /.*/, namespace }, ({ path }) => ({ contents: `module.exports = require('${path}')` }))
  },
}

/**
 * Writes what is not ASCII in packages as escapes, in comments and regular expressions too; esbuild does it in strings. V8 keeps the
 * source of the program, and a single other character doubles what it needs.
 */
const ONLY_ASCII = {
  name: 'only-ascii',
  setup: (build) =>
    build.onLoad({ filter: PACKAGES }, async ({ path }) => ({ contents: escaped(await readFile(path, 'utf8')) })),
}

/** The same, with short names within packages. Those of our own code stay, for stack traces. */
const SHORT_PACKAGES = {
  name: 'short-packages',
  setup: (build) =>
    build.onLoad({ filter: PACKAGES }, async ({ path }) => {
      const options = { sourcefile: path, sourcemap: 'inline', minifyIdentifiers: true, target: TARGET }
      return { contents: (await transform(escaped(await readFile(path, 'utf8')), options)).code }
    }),
}

const PACKAGES = /\/node_modules\/.*\.[cm]?js$/
const NOT_ASCII = /[^\0-\x7f]/g
const escaped = (text) => text.replace(NOT_ASCII, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`)

function pluginsOf({ ships, isLibrary }) {
  const common = [OWN_BUNDLES, UNDICI_PARTS]
  return ships ? [...common, WITHOUT_UNUSED, HTTP2_WHEN_USED, isLibrary ? ONLY_ASCII : SHORT_PACKAGES] : common
}

const shipped = { inputs: {}, outputs: {} }
for (const { from, to, ships, isLibrary = false } of BUNDLES) {
  if (!existsSync(from)) continue
  const startedAt = performance.now()
  const { metafile } = await build({
    entryPoints: [from],
    outfile: to,
    bundle: true,
    platform: 'node',
    target: TARGET,
    format: 'esm',
    sourcemap: 'linked',
    minifyWhitespace: ships,
    minifySyntax: ships,
    minifyIdentifiers: isLibrary,
    metafile: true,
    plugins: pluginsOf({ ships, isLibrary }),
    banner: { js: `#!/usr/bin/env node\n${REQUIRE}` },
    logLevel: 'warning',
  })
  await chmod(to, 0o755)
  if (ships) {
    Object.assign(shipped.inputs, metafile.inputs)
    Object.assign(shipped.outputs, metafile.outputs)
    const other = (await readFile(to, 'utf8')).match(NOT_ASCII)
    if (other) throw new Error(`${to}: expected ASCII only, found ${other.join('')}: write it as an escape`)
  }
  const kB = Math.round(statSync(to).size / 1000)
  console.log(`${to}  ${kB} kB  ${Math.round(performance.now() - startedAt)} ms`)
}
await writeFile('dist/LICENCES.txt', licencesOf(shipped))
await writeFile('dist/metafile.json', JSON.stringify(shipped))
