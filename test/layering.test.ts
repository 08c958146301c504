import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'

const root = resolve(import.meta.dirname, '..')

/** What each room may import of ours, besides itself. */
const ROOMS: Record<string, readonly string[]> = {
  resources: ['platform'],
  platform: [],
  calendar: [],
  'rate-limit': ['platform'],
  controller: ['platform'],
  kubernetes: ['resources', 'platform', 'rate-limit'],
  google: ['resources', 'platform', 'rate-limit'],
  failures: ['resources', 'controller', 'kubernetes', 'google'],
  grants: ['resources', 'kubernetes', 'failures'],
  calendars: ['resources', 'platform', 'calendar', 'controller', 'kubernetes', 'google', 'failures'],
  publishing: ['resources', 'platform', 'calendar', 'kubernetes', 'failures', 'calendars'],
  integration: ['resources', 'platform', 'calendar', 'controller', 'kubernetes', 'google', 'rate-limit'],
  agent: [
    ...['resources', 'platform', 'calendar', 'controller', 'kubernetes', 'google', 'failures', 'grants', 'calendars'],
    'publishing',
  ],
  web: ['resources', 'platform', 'rate-limit', 'calendar', 'controller', 'kubernetes', 'google', 'failures', 'grants'],
  cli: ['resources', 'platform', 'kubernetes'],
}

/** Which files of another room a reconciler may see: ports and pure helpers, never what opens a connection. */
const BEHIND_THE_PORTS = ['kubernetes/cluster.ts', 'kubernetes/request.ts', 'google/google.ts', 'google/transport.ts']

interface Import {
  from: string
  to: string
}

function filesIn(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => join(folder, file))
}

/** Every import of a file of ours, as paths from the top. */
function importsIn(folder: string): Import[] {
  return filesIn(folder).flatMap((file) => {
    const text = readFileSync(join(root, file), 'utf8')
    const targets = [...text.matchAll(/(?:from|import)\s*\(?\s*['"](\.[^'"]+)['"]/g)].map((match) => match[1] ?? '')
    return targets.map((target) => ({ from: file, to: relative(root, resolve(root, dirname(file), target)) }))
  })
}

const roomOf = (file: string): string | undefined => /^src\/([a-z-]+)\//.exec(file)?.[1]

const inSource = importsIn('src')

describe('the rooms of src', () => {
  test('are all known', () => {
    const rooms = new Set(filesIn('src').flatMap((file) => roomOf(file) ?? []))
    expect([...rooms].sort()).toEqual(Object.keys(ROOMS).sort())
  })

  test.each(Object.entries(ROOMS))('%s imports only what it may', (room, allowed) => {
    const strangers = inSource
      .filter(({ from }) => roomOf(from) === room)
      .filter(({ to }) => ![room, ...allowed].includes(roomOf(to) ?? 'the front door'))
    expect(strangers).toEqual([])
  })

  test('reconcilers see Kubernetes and Google through their ports', () => {
    const reconcilers = inSource.filter(({ from }) =>
      ['agent', 'calendars', 'grants', 'integration', 'publishing'].includes(roomOf(from) ?? ''),
    )
    expect(reconcilers.filter(({ to }) => BEHIND_THE_PORTS.some((file) => to.endsWith(file)))).toEqual([])
  })

  test('know nothing of the sandbox, the tests, the demo or the benches', () => {
    expect(inSource.filter(({ to }) => /^(sandbox|test|demo|bench)\//.test(to))).toEqual([])
  })

  test('have something to import at all', () => expect(inSource.length).toBeGreaterThan(50))
})

describe('the environment', () => {
  test('is read by the front door alone', () => {
    const readers = filesIn('src').filter((file) =>
      readFileSync(join(root, file), 'utf8').match(/process\.env|host\.env/),
    )
    expect(readers).toEqual(['src/program.ts'])
  })
})

describe('the sandbox', () => {
  test('knows of src only the resources', () => {
    const strangers = importsIn('sandbox').filter(({ to }) => to.startsWith('src/') && roomOf(to) !== 'resources')
    expect(strangers.filter(({ from }) => from !== 'sandbox/main.ts' && !from.endsWith('/main.ts'))).toEqual([])
  })
})
