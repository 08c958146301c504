// What the licences of the bundled packages ask for: that their texts go with the program.
import { existsSync, readdirSync, readFileSync } from 'node:fs'

const FOLDER = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//
const TEXT = /^(licen[cs]e|copying|notice)/i

/** The folders of the packages that a bundle holds something of, in order. */
export function packagesOf(metafile) {
  const used = Object.values(metafile.outputs).flatMap((output) =>
    Object.entries(output.inputs)
      .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
      .map(([path]) => FOLDER.exec(path)?.[1]),
  )
  return [...new Set(used.filter(Boolean))].filter((folder) => existsSync(`${folder}/package.json`)).sort()
}

function sectionOf(folder) {
  const { name, version, license, homepage, repository } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8'))
  const texts = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile() && TEXT.test(entry.name))
    .map((entry) => readFileSync(`${folder}/${entry.name}`, 'utf8').trim())
  const home = homepage ?? repository?.url ?? repository ?? ''
  return [`${name} ${version} (${license})`, home, ...texts].join('\n\n')
}

/** One text for all of them. */
export function licencesOf(metafile) {
  return `${packagesOf(metafile)
    .map(sectionOf)
    .join(`\n\n${'-'.repeat(80)}\n\n`)}\n`
}
