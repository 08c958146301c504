/** Version, image and addresses of a release come from package.json alone: a change there reaches every other file. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const script = new URL('../../scripts/generate/release.mjs', import.meta.url).href
const { releaseFiles } = (await import(script)) as { releaseFiles: (root: string) => Promise<Map<string, string>> }

interface Source {
  version: string
  release: { repository: string; documentation: string; image: string; chart: string }
}

const ours = JSON.parse(readFileSync('package.json', 'utf8')) as Source
const theirs: Source = {
  version: '9.8.7-rc.1',
  release: {
    repository: 'https://git.example.org/team/calendar-operator',
    documentation: 'https://docs.example.org',
    image: 'images.example.org/team/calendar-operator',
    chart: 'charts.example.org/team/calendar-operator',
  },
}

describe('another version and other names in package.json', () => {
  const root = mkdtempSync(join(tmpdir(), 'release-'))
  let paths: string[]
  let files: Map<string, string>
  beforeAll(async () => {
    paths = [...(await releaseFiles('.')).keys()]
    for (const path of paths) cpSync(path, join(root, path))
    writeFileSync(join(root, 'package.json'), JSON.stringify(theirs))
    files = await releaseFiles(root)
  })
  afterAll(() => {
    rmSync(root, { recursive: true })
  })

  test('are the same in every file that names them', () => {
    const names = [theirs.version, ...Object.values(theirs.release)]
    expect(paths.filter((path) => !names.some((name) => files.get(path)?.includes(name)))).toEqual([])
  })

  test('leave none of the names before', () => {
    const names = Object.values(ours.release)
    expect(paths.filter((path) => names.some((name) => files.get(path)?.includes(name)))).toEqual([])
  })

  test('leave the previous version only where the documentation mentions it', () => {
    const left = paths.filter((path) => files.get(path)?.includes(ours.version))
    expect(left.filter((path) => path !== 'docs/upgrade.md')).toEqual([])
  })

  test('are replaced by ours again when package.json has them again', async () => {
    for (const [path, text] of files) writeFileSync(join(root, path), text)
    writeFileSync(join(root, 'package.json'), JSON.stringify(ours))
    expect(await releaseFiles(root)).toEqual(await releaseFiles('.'))
  })
})

test('the changelog has a section for what is not released yet, and one for the version of package.json', () => {
  const headings = readFileSync('CHANGELOG.md', 'utf8').match(/^## .*$/gm) ?? []
  expect(headings[0]).toBe('## [Unreleased]')
  expect(headings.some((heading) => heading.startsWith(`## [${ours.version}]`))).toBe(true)
})
