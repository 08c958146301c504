/** The pages for users say the truth about what can be read off the code: reasons, links, commands, manifests. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { describe, expect, test } from 'vitest'
import { validate } from '../src/cli/validate.ts'
import { isClientId } from '../src/google/client-id.ts'
import { REASONS } from '../src/resources/reasons.ts'

const PAGES = [
  'README.md',
  'CONTRIBUTING.md',
  ...(readdirSync('docs', { recursive: true }) as string[])
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
]

const read = (path: string): string => readFileSync(path, 'utf8')

/** The text below a heading, up to the next one of its level or above. */
function section(text: string, heading: string): string {
  const lines = text.split('\n')
  const from = lines.indexOf(heading)
  if (from < 0) throw new Error(`expected the heading ${JSON.stringify(heading)}`)
  const level = heading.indexOf(' ')
  const length = lines.slice(from + 1).findIndex((line) => /^#{1,6} /.test(line) && line.indexOf(' ') <= level)
  return lines.slice(from + 1, length < 0 ? undefined : from + 1 + length).join('\n')
}

const headings = (text: string): string[] => [...text.matchAll(/^#{1,6} +(.+)$/gm)].map(([, title]) => title ?? '')

/** As GitHub derives it from a heading. */
const anchorOf = (title: string): string =>
  title
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-')

const prose = (text: string): string => text.replace(/^```[^]*?^```$/gm, '')

type Reasons = Record<string, Record<string, string>>

const conditions = Object.entries(REASONS).flatMap(([kind, table]) =>
  Object.entries(table as Reasons).map(([condition, reasons]) => ({ kind, condition, reasons: Object.keys(reasons) })),
)

describe('the page about trouble', () => {
  const page = read('docs/troubleshooting.md')
  test.each(conditions)('has a section for every reason of $condition of a $kind, and no other', (one) => {
    const { kind, condition, reasons } = one
    const title = condition === 'Ready' ? `Ready (${kind})` : condition
    const named = headings(section(section(page, `## ${kind}`), `### ${title}`))
    expect(named.map((heading) => /^`(\w+)`/.exec(heading)?.[1]).sort()).toEqual([...reasons].sort())
  })
})

describe.each(PAGES)('%s', (page) => {
  const text = read(page)

  test('has links that lead somewhere', () => {
    const links = [...prose(text).matchAll(/(?:\]\(|src=")([^)"\s]+)[)"]/g)].map(([, link]) => link ?? '')
    const broken = links.filter((link) => {
      if (/^[a-z]+:/.test(link)) return false
      const [path = '', anchor] = link.split('#')
      const target = path === '' ? page : normalize(join(dirname(page), path))
      if (!existsSync(target)) return true
      return (
        anchor !== undefined &&
        !headings(prose(read(target)))
          .map(anchorOf)
          .includes(anchor)
      )
    })
    expect(broken).toEqual([])
  })

  test('names make targets that exist', () => {
    const targets = [...read('Makefile').matchAll(/^([a-z-]+):/gm)].map(([, name]) => name)
    const named = [...text.matchAll(/(?:^|`)(?:\w+=\w+ )?make ([a-z][a-z-]*)/gm)].map(([, name]) => name)
    expect(named.filter((name) => !targets.includes(name))).toEqual([])
  })

  test('shows client ids that the operator accepts', () => {
    const shown = [...text.matchAll(/"client(?:Id|_id)?": "([^"…]+)"/g)].map(([, id]) => id ?? '')
    expect(shown.filter((id) => !isClientId(id))).toEqual([])
  })

  test('shows manifests that the API server would take', async () => {
    const shown = [...text.matchAll(/^```yaml\n([^]*?)^```$/gm)].map(([, yaml]) => yaml ?? '')
    const ours = shown.filter((yaml) => yaml.includes('apiVersion: calendar-operator.io/'))
    for (const yaml of ours) {
      const lines: string[] = []
      const readFile = async (): Promise<string> => Promise.resolve(yaml)
      const code = await validate([page], { readFile, readStdin: readFile, write: (line) => void lines.push(line) })
      expect({ code, lines }).toMatchObject({ code: 0 })
    }
  })
})

describe('comments that cite the page about Google', () => {
  const anchors = headings(prose(read('docs/google-behaviour.md'))).map(anchorOf)
  const sources = ['src', 'sandbox', 'test'].flatMap((folder) =>
    (readdirSync(folder, { recursive: true }) as string[])
      .filter((name) => name.endsWith('.ts'))
      .map((name) => join(folder, name)),
  )

  test('name one of its sections', () => {
    const cited = sources.flatMap((path) =>
      [...read(path).matchAll(/docs\/google-behaviour\.md#([\w-]+)/g)].map(([, anchor]) => ({ path, anchor })),
    )
    expect(cited.length).toBeGreaterThan(0)
    expect(cited.filter(({ anchor }) => !anchors.includes(anchor ?? ''))).toEqual([])
  })
})
