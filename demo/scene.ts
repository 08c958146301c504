/** What the steps of the story have in common: tables, and things to wait for. */
import type { CalendarIntegrationStatus, Condition } from '../src/resources/types.ts'
import type { Stage } from './stage.ts'
import { formatTable, type TableOptions } from './table.ts'
import { DemoFailure, type Expectation, type Teller } from './teller.ts'

export interface Scene {
  stage: Stage
  teller: Teller
}

export const PEOPLE = ['alice', 'bob', 'carol']
/** The interval of demo/manifests/2-integration.yaml, in seconds, and what one machine may need beyond it. */
export const INTERVAL = 10
export const SLACK = 20

/** Shows what `kubectl get` shows. */
export async function showTable({ stage, teller }: Scene, what: string, options: TableOptions = {}): Promise<void> {
  teller.command(`kubectl get ${what}${options.wide ? ' -o wide' : ''}`)
  teller.output(formatTable(await stage.table(what), { ...options, width: 116 }))
}

/** A condition that comes to say this. */
export function conditionSays(
  { stage }: Scene,
  [kind, name, type]: readonly [kind: string, name: string, type: string],
  reason: string,
): Expectation<Condition> {
  const current = (): Condition | undefined => stage.condition(kind, name, type)
  return {
    what: `${kind} ${name} says ${type}: ${reason}`,
    within: INTERVAL + SLACK,
    look: () => (current()?.reason === reason ? current() : undefined),
    found: () => JSON.stringify(current() ?? 'no such condition'),
  }
}

const readiness = ({ stage }: Scene, name: string): Condition | undefined => stage.condition('Agent', name, 'Ready')

const notReady = (scene: Scene, names: readonly string[]): string[] =>
  names.filter((name) => readiness(scene, name)?.status !== 'True')

const described = (scene: Scene, names: readonly string[]): string =>
  names.map((name) => `${name}: ${JSON.stringify(readiness(scene, name) ?? 'no condition Ready')}`).join('\n')

export function allReady(scene: Scene, names: readonly string[]): Expectation<true> {
  return {
    what: `${names.join(', ')} are Ready`,
    within: INTERVAL + SLACK,
    look: () => notReady(scene, names).length === 0,
    found: () => described(scene, notReady(scene, names)),
  }
}

/** Ready, and no word of any trouble that is being sat out. */
export function upToDate(scene: Scene, names: readonly string[]): Expectation<true> {
  const synced = (name: string): string => scene.stage.condition('Agent', name, 'Synced')?.message ?? ''
  const behind = (): string[] =>
    names.filter((name) => !synced(name).includes('up to date') || notReady(scene, [name]).length > 0)
  return {
    what: `${names.join(' and ')} are Ready and up to date`,
    within: INTERVAL + SLACK,
    look: () => behind().length === 0,
    found: () =>
      behind()
        .map((name) => `${name}: ${synced(name)}`)
        .join('\n'),
  }
}

/** Fails if one of them is not Ready now. */
export function expectReady(scene: Scene, names: readonly string[]): void {
  const others = notReady(scene, names)
  expectThat(others.length === 0, `${names.join(' and ')} stay Ready`, described(scene, others))
}

export function expectThat(holds: boolean, expected: string, found: string): void {
  if (!holds) throw new DemoFailure(`expected: ${expected}\nfound: ${found}`)
}

/** The integration counts so many agents as ready. */
export function counts({ stage }: Scene, summary: string): Expectation<true> {
  const status = (): CalendarIntegrationStatus | undefined => stage.object('CalendarIntegration', 'google')?.status
  return {
    what: `the integration counts ${summary} agents`,
    within: SLACK,
    look: () => status()?.agents?.summary === summary,
    found: () => JSON.stringify(status()?.agents),
  }
}
