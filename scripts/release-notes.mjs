// The notes of a release are its section of CHANGELOG.md: `node scripts/release-notes.mjs 0.2.0` prints it.
import { readFileSync } from 'node:fs'

/** The section of a version, without its heading. @throws Error if there is none, or it is empty. */
export function notesOf(changelog, version) {
  const section = changelog.split(/^## /m).find((one) => one.startsWith(`[${version}]`))
  const notes = section?.slice(section.indexOf('\n')).trim()
  if (!notes) throw new Error(`CHANGELOG.md: expected a section ## [${version}] that says what is new`)
  return notes
}

if (process.argv[1] === import.meta.filename) {
  console.log(notesOf(readFileSync('CHANGELOG.md', 'utf8'), process.argv[2] ?? ''))
}
