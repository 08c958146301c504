// Lays out what the image adds to its base, in the directory that is named: all of it, with the rights and times that the
// layer shall have. Run it after `npm run build`.
import { chmodSync, copyFileSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { sbom } from './sbom.mjs'

const [root] = process.argv.slice(2)
if (!root) throw new Error('usage: node scripts/image-files.mjs DIRECTORY')

const app = join(root, 'app')
mkdirSync(app, { recursive: true })
for (const bundle of ['main.js', 'oidc.js', 'googleapis.js']) copyFileSync(`dist/${bundle}`, join(app, bundle))
copyFileSync('dist/LICENCES.txt', join(app, 'LICENCES.txt'))
copyFileSync('LICENSE', join(app, 'LICENSE'))
// The extension by which scanners know it.
writeFileSync(join(app, 'sbom.cdx.json'), `${JSON.stringify(sbom(), null, 2)}\n`)
// It says that main.js is an ES module.
const { name, version, license, type } = JSON.parse(readFileSync('package.json', 'utf8'))
writeFileSync(join(app, 'package.json'), `${JSON.stringify({ name, version, license, type }, null, 2)}\n`)

const epoch = Number(process.env.SOURCE_DATE_EPOCH ?? 0)
for (const file of readdirSync(app)) settle(join(app, file), 0o644)
settle(app, 0o755)
settle(root, 0o755)

function settle(path, mode) {
  chmodSync(path, mode)
  utimesSync(path, epoch, epoch)
}
