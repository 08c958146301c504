// What a release of a tag is called: `node scripts/release-names.mjs v0.2.0` prints version, image, chart and registry as lines
// name=value.
// It fails if the tag, package.json and CHANGELOG.md do not agree.
import { readFileSync } from 'node:fs'
import { notesOf } from './release-notes.mjs'

const [tag] = process.argv.slice(2)
const { version, release } = JSON.parse(readFileSync('package.json', 'utf8'))
if (tag !== `v${version}`)
  throw new Error(`the tag is ${tag}, and package.json has version ${version}: expected v${version}`)
notesOf(readFileSync('CHANGELOG.md', 'utf8'), version)
const [registry] = release.image.split('/')
console.log(`version=${version}\nimage=${release.image}\nchart=${release.chart}\nregistry=${registry}`)
