import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'

const root = resolve(import.meta.dirname, '..')

/** What each room may import, besides itself: only rooms above it in this list. */
const ROOMS: Record<string, readonly string[]> = {
  platform: [],
  resources: ['platform'],
  calendar: ['platform'],
  'rate-limit': ['platform'],
  controller: ['platform'],
  kubernetes: ['resources', 'platform', 'rate-limit'],
  sharding: ['resources', 'platform', 'controller', 'kubernetes'],
  google: ['resources', 'platform', 'rate-limit'],
  failures: ['resources', 'platform', 'controller', 'kubernetes', 'google'],
  grants: ['resources', 'platform', 'controller', 'kubernetes', 'google', 'failures'],
  calendars: ['resources', 'platform', 'calendar', 'controller', 'kubernetes', 'google', 'failures'],
  publishing: ['resources', 'platform', 'calendar', 'kubernetes', 'failures', 'calendars'],
  clients: ['resources', 'platform', 'controller', 'kubernetes', 'google', 'failures', 'grants'],
  push: ['resources', 'platform', 'rate-limit', 'controller', 'kubernetes', 'google', 'calendars', 'clients'],
  integration: [
    ...['resources', 'platform', 'controller', 'kubernetes', 'google', 'rate-limit', 'clients', 'calendars'],
  ],
  agent: [
    ...['resources', 'platform', 'calendar', 'controller', 'kubernetes', 'google', 'failures', 'grants', 'calendars'],
    ...['publishing', 'clients', 'push'],
  ],
  booking: [
    ...['resources', 'platform', 'calendar', 'controller', 'kubernetes', 'google', 'failures', 'grants', 'calendars'],
    ...['clients'],
  ],
  web: ['resources', 'platform', 'rate-limit', 'kubernetes', 'google', 'grants', 'push'],
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

const roomOfSandbox = (file: string): string | undefined => /^sandbox\/([a-z-]+)\//.exec(file)?.[1]

/** The circles of a graph: its strongly connected components with more than one node, by Tarjan's algorithm. */
class Circles {
  readonly found: string[][] = []
  readonly #targets = new Map<string, Set<string>>()
  readonly #order = new Map<string, number>()
  readonly #lowest = new Map<string, number>()
  readonly #path: string[] = []

  constructor(imports: readonly Import[]) {
    for (const { from, to } of imports) this.#targets.set(from, (this.#targets.get(from) ?? new Set()).add(to))
    for (const node of this.#targets.keys()) if (!this.#order.has(node)) this.#visit(node)
  }

  #visit(node: string): void {
    this.#order.set(node, this.#order.size)
    this.#lower(node, this.#order.get(node))
    this.#path.push(node)
    for (const target of this.#targets.get(node) ?? []) {
      if (!this.#order.has(target)) {
        this.#visit(target)
        this.#lower(node, this.#lowest.get(target))
      } else if (this.#path.includes(target)) this.#lower(node, this.#order.get(target))
    }
    if (this.#lowest.get(node) !== this.#order.get(node)) return
    const component = this.#path.splice(this.#path.indexOf(node))
    if (component.length > 1 || this.#targets.get(node)?.has(node)) this.found.push(component.sort())
  }

  #lower(node: string, to = Infinity): void {
    this.#lowest.set(node, Math.min(this.#lowest.get(node) ?? Infinity, to))
  }
}

const circlesOf = (imports: readonly Import[]): string[][] => new Circles(imports).found

/** The same imports between rooms; files outside of a room are left out. */
const between = (imports: readonly Import[], room: (file: string) => string | undefined): Import[] =>
  imports.flatMap(({ from, to }) => {
    const [one, other] = [room(from), room(to)]
    return one === undefined || other === undefined || one === other ? [] : [{ from: one, to: other }]
  })

const inSource = importsIn('src')

describe('the rooms of src', () => {
  test('are all known', () => {
    const rooms = new Set(filesIn('src').flatMap((file) => roomOf(file) ?? []))
    expect([...rooms].sort()).toEqual(Object.keys(ROOMS).sort())
  })

  test.each(Object.entries(ROOMS))('%s may import only rooms above it', (room, allowed) => {
    const rooms = Object.keys(ROOMS)
    expect(rooms.slice(0, rooms.indexOf(room))).toEqual(expect.arrayContaining([...allowed]))
  })

  test.each(Object.entries(ROOMS))('%s imports only what it may', (room, allowed) => {
    const strangers = inSource
      .filter(({ from }) => roomOf(from) === room)
      .filter(({ to }) => ![room, ...allowed].includes(roomOf(to) ?? 'a file outside of the rooms'))
    expect(strangers).toEqual([])
  })

  test('reconcilers see Kubernetes and Google through their ports', () => {
    const reconcilers = inSource.filter(({ from }) =>
      ['agent', 'booking', 'calendars', 'clients', 'grants', 'integration', 'publishing', 'push'].includes(
        roomOf(from) ?? '',
      ),
    )
    expect(reconcilers.filter(({ to }) => BEHIND_THE_PORTS.some((file) => to.endsWith(file)))).toEqual([])
  })

  test('hold the state of an object only where its steps are run', () => {
    const holders = inSource.filter(({ to }) => to.endsWith('kubernetes/object-states.ts')).map(({ from }) => from)
    expect(holders.sort()).toEqual([
      ...[
        'src/agent/reconcile.ts',
        'src/agent/run-steps.ts',
        'src/booking/reconcile.ts',
        'src/integration/reconcile.ts',
      ],
      ...['src/push/channel-manager.ts', 'src/push/run-channels.ts'],
    ])
  })

  test('read and write grant Secrets through the room of grants alone', () => {
    const readers = filesIn('src').filter((file) => {
      const text = readFileSync(join(root, file), 'utf8')
      return text.includes('grantSecretName') && text.includes('readSecret(')
    })
    expect(readers.filter((file) => roomOf(file) !== 'grants')).toEqual([])
    expect(readers).not.toEqual([])
  })

  test('form no circle, and neither do their files', () => {
    expect(circlesOf(between(inSource, roomOf))).toEqual([])
    expect(circlesOf(inSource)).toEqual([])
  })

  test('export only what another file uses', () => {
    const texts = [...['src', 'test', 'sandbox', 'bench', 'demo', 'scripts'].flatMap(filesIn)].map(
      (file) => [file, readFileSync(join(root, file), 'utf8')] as const,
    )
    const users = new Map<string, Set<string>>()
    for (const [file, text] of texts) {
      for (const [word] of text.matchAll(/\w+/g)) users.set(word, (users.get(word) ?? new Set()).add(file))
    }
    const unused = texts.flatMap(([file, text]) =>
      [...text.matchAll(/^export (?:async |abstract )?(?:const|function\*?|class|interface|type|enum) (\w+)/gm)]
        .filter(([, name = '']) => roomOf(file) !== undefined && users.get(name)?.size === 1)
        .map(([, name]) => `${file}: ${name}`),
    )
    expect(unused).toEqual([])
  })

  test('import nothing from the sandbox, the tests, the demo or the benches', () => {
    expect(inSource.filter(({ to }) => /^(sandbox|test|demo|bench)\//.test(to))).toEqual([])
  })

  test('have something to import at all', () => expect(inSource.length).toBeGreaterThan(50))
})

/** The files that are loaded with these ones, and the packages that they import: types and what is imported later are left out. */
function loadedWith(files: readonly string[]): { files: Set<string>; packages: Set<string> } {
  const [loaded, packages] = [new Set(files), new Set<string>()]
  for (const file of loaded) {
    const text = readFileSync(join(root, file), 'utf8')
    for (const [, target = ''] of text.matchAll(/^(?:import|export) (?!type )(?:[\w\s{},*]* from )?'([^']+)'/gm)) {
      if (target.endsWith('.ts')) loaded.add(relative(root, resolve(root, dirname(file), target)))
      else if (!target.startsWith('.') && !target.startsWith('node:')) packages.add(target)
    }
  }
  return { files: loaded, packages }
}

test('the start of `run` loads only what every operator needs', () => {
  const { files, packages } = loadedWith(['src/main.ts', 'src/program.ts', 'src/run.ts'])
  expect(files.size).toBeGreaterThan(200)
  expect([...packages].sort()).toEqual([
    ...['commander', 'ical.js', 'pino', 'prom-client', 'temporal-polyfill', 'undici', 'yaml'],
  ])
})

describe('the environment', () => {
  test('is read by src/program.ts alone', () => {
    const readers = filesIn('src').filter((file) =>
      readFileSync(join(root, file), 'utf8').match(/process\.env|host\.env/),
    )
    expect(readers).toEqual(['src/program.ts'])
  })
})

describe('the sandbox', () => {
  const inSandbox = importsIn('sandbox')

  test('imports only the resources of src, and how it reads JSON', () => {
    const isAllowed = (to: string): boolean => roomOf(to) === 'resources' || to === 'src/platform/json.ts'
    const strangers = inSandbox.filter(({ to }) => to.startsWith('src/') && !isAllowed(to))
    expect(strangers).toEqual([])
  })

  test('has two rooms that do not import each other', () => {
    expect(between(inSandbox, roomOfSandbox)).toEqual([])
  })

  test('has no circle, neither of files nor of folders', () => {
    expect(circlesOf(inSandbox)).toEqual([])
    expect(circlesOf(between(inSandbox, dirname))).toEqual([])
  })
})

/** The detection itself. */
describe('a circle', () => {
  const imports = (...pairs: string[]): Import[] => pairs.map((pair) => ({ from: pair.slice(0, 1), to: pair.slice(1) }))

  test.each<[string, string[], string[][]]>([
    ['of two', ['ab', 'ba', 'bc'], [['a', 'b']]],
    ['of three, entered from outside', ['xa', 'ab', 'bc', 'ca'], [['a', 'b', 'c']]],
    ['of one', ['aa'], [['a']]],
    [
      'in each of two parts',
      ['ab', 'ba', 'bc', 'cd', 'dc'],
      [
        ['c', 'd'],
        ['a', 'b'],
      ],
    ],
  ])('%s is found', (_, pairs, found) => expect(circlesOf(imports(...pairs))).toEqual(found))

  test('is not two ways to the same file', () => expect(circlesOf(imports('ab', 'ac', 'bd', 'cd'))).toEqual([]))
})
