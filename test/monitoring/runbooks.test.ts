/** Who is woken by an alert finds its page: one a page, of one form, with links that lead somewhere. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { shippedAlerts } from '../support/alerts.ts'

const FOLDER = 'docs/runbooks'
const { release } = JSON.parse(readFileSync('package.json', 'utf8')) as { release: { documentation: string } }
const SECTIONS = ['## Meaning', '## Impact', '## What to look at', '## What to do']

const rules = shippedAlerts()
const names = rules.map(({ alert }) => alert)
const pages = readdirSync(FOLDER).filter((file) => file.endsWith('.md') && file !== 'README.md')

describe('the runbooks', () => {
  test('are one a page, for each alert and for nothing else', () => {
    expect(pages.map((file) => file.replace(/\.md$/, '')).sort()).toEqual([...names].sort())
  })

  test.each(rules.map((rule) => [rule.alert, rule] as const))('are what %s points to', (alert, { annotations }) => {
    expect(annotations.runbook_url).toBe(`${release.documentation}/runbooks/${alert}.md`)
  })

  test.each(pages)('%s tells all that there is to tell, with commands', (file) => {
    const lines = readFileSync(`${FOLDER}/${file}`, 'utf8').split('\n')
    expect(lines[0]).toBe(`# ${file.replace(/\.md$/, '')}`)
    expect(lines.filter((line) => line.startsWith('## '))).toEqual(SECTIONS)
    expect(lines).toContain('```sh')
    expect(lines.length).toBeLessThan(60)
  })

  test.each(pages)('%s links to pages and headings that exist', (file) => {
    const text = readFileSync(`${FOLDER}/${file}`, 'utf8')
    for (const [, path = '', anchor] of text.matchAll(/\]\(([^)#:]+)(?:#([^)]+))?\)/g)) {
      expect(existsSync(`${FOLDER}/${path}`), path).toBe(true)
      if (anchor) expect(anchorsOf(`${FOLDER}/${path}`)).toContain(anchor)
    }
  })

  test('are listed with the severity that the rules give', () => {
    const list = readFileSync(`${FOLDER}/README.md`, 'utf8')
    for (const { alert, labels } of rules) expect(list).toContain(`| [${alert}](${alert}.md) | ${labels.severity} |`)
  })
})

describe('every alert', () => {
  test.each(rules.map((rule) => [rule.alert, rule] as const))('%s is complete', (_alert, { labels, annotations }) => {
    expect(['warning', 'critical']).toContain(labels.severity)
    expect(annotations.summary).toMatch(/\.$/)
    expect(annotations.description.length).toBeGreaterThan(60)
  })

  test('has a name of its own', () => expect(new Set(names).size).toBe(names.length))
})

/** As GitHub derives them from headings. */
const anchorsOf = (path: string): string[] =>
  readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => /^#+ /.test(line))
    .map((line) =>
      line
        .replace(/^#+ /, '')
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    )
