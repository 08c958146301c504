/**
 * What people see with the real kubectl on a real API server: its output must equal the files in golden/. `vitest --update`
 * writes them again; then read them as somebody who sees them for the first time.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { crds } from '../../../src/resources/generated/crds.ts'
import type { World } from '../../journeys/support/world.ts'
import { startHarness } from './harness.ts'
import { descriptionOf, tableOf, textOf } from './screen.ts'

/** The width of a usual terminal. */
const COLUMNS = 120

interface Field {
  properties?: Record<string, Field>
  items?: Field
}

/** The paths of everything that has fields, for `kubectl explain`. */
function pathsIn(path: string, { properties, items }: Field): string[] {
  if (items) return pathsIn(path, items)
  if (!properties) return []
  return [path, ...Object.entries(properties).flatMap(([name, field]) => pathsIn(`${path}.${name}`, field))]
}
const PATHS = crds.flatMap(({ spec: { names, versions } }) =>
  pathsIn(names.singular, versions[0]?.schema.openAPIV3Schema as Field),
)

let world: World

const kubectl = async (...args: string[]): Promise<string> =>
  (await world.kubernetes?.kubectl(...args, '-n', world.namespace)) ?? ''
const golden = (name: string): string => `golden/${name}.txt`

beforeAll(async () => {
  world = await startHarness()
})
afterAll(() => world.stop())

describe('kubectl get', () => {
  it.each([
    ['agents', ['get', 'agents']],
    ['bookings', ['get', 'bookings']],
    ['integrations', ['get', 'calendarintegrations']],
  ])('shows %s within a terminal’s width', async (name, args) => {
    const output = await kubectl(...args)
    for (const line of output.split('\n')) expect(line.length, line).toBeLessThanOrEqual(COLUMNS)
    await expect(tableOf(output)).toMatchFileSnapshot(golden(`get-${name}`))
  })

  it.each([
    ['agents', ['get', 'agents', '-o', 'wide']],
    ['bookings', ['get', 'bookings', '-o', 'wide']],
    ['integrations', ['get', 'calendarintegrations', '-o', 'wide']],
  ])('shows more of %s with -o wide', async (name, args) => {
    await expect(tableOf(await kubectl(...args))).toMatchFileSnapshot(golden(`get-${name}-wide`))
  })

  it('shows all kinds by their category', async () => {
    await expect(tableOf(await kubectl('get', 'calendar'))).toMatchFileSnapshot(golden('get-calendar'))
  })

  it('accepts the short names', async () => {
    expect(await kubectl('get', 'calint', '-o', 'name')).toBe(
      await kubectl('get', 'calendarintegrations', '-o', 'name'),
    )
  })
})

describe('kubectl describe', () => {
  it.each(['alice', 'bob', 'carol', 'dora', 'erin', 'gina', 'ivan'])('tells about %s', async (name) => {
    const output = descriptionOf(await kubectl('describe', 'agent', name))
    await expect(output).toMatchFileSnapshot(golden(`describe-${name}`))
  })

  it.each(['viewing', 'second-viewing'])('tells about the booking %s', async (name) => {
    const output = descriptionOf(await kubectl('describe', 'booking', name))
    await expect(output).toMatchFileSnapshot(golden(`describe-${name}`))
  })

  it.each(['google', 'limited', 'mistyped', 'unfinished', 'wavering'])(
    'tells about the integration %s',
    async (name) => {
      const output = descriptionOf(await kubectl('describe', 'calendarintegration', name))
      await expect(output).toMatchFileSnapshot(golden(`describe-${name}`))
    },
  )
})

describe('kubectl explain', () => {
  it.each([
    'agent',
    'agent.spec',
    'agent.spec.publish.calendar',
    'agent.status',
    'booking.spec',
    'calendarintegration.spec.google',
    'calendarintegration.spec.sync',
    'calendarintegration.status',
  ])('%s', async (path) => {
    await expect(textOf(await kubectl('explain', path))).toMatchFileSnapshot(golden(`explain-${path}`))
  })

  it.each(['agent', 'booking', 'calendarintegration'])('%s --recursive', async (kind) => {
    const output = textOf(await kubectl('explain', kind, '--recursive'))
    await expect(output).toMatchFileSnapshot(golden(`explain-${kind}-recursive`))
  })

  it('describes every field', async () => {
    for (const path of PATHS) {
      // What kubectl prints for an object or a field without a description.
      expect(await kubectl('explain', path), path).not.toMatch(/<empty>|<no description>/)
    }
  })
})
