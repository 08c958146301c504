/** Helpers for the steps of the demo: tables to show, and results to wait for. */
import type { CalendarIntegrationStatus, Condition } from '../src/resources/types.ts'
import type { DemoEnvironment } from './environment.ts'
import { formatTable, type TableOptions } from './table.ts'
import { DemoFailure, type Expectation, type Narrator } from './narrator.ts'

/** What each step gets. */
export interface DemoContext {
  environment: DemoEnvironment
  narrator: Narrator
}

/** The people of demo/manifests. */
export const PEOPLE = ['alice', 'bob', 'carol']
/** The interval of demo/manifests/2-integration.yaml in seconds, and the time that a slow machine may need beyond it. */
export const INTERVAL = 10
/** How many seconds a slow machine may need. */
export const SLACK = 20

/** Shows what `kubectl get` shows. */
export async function showTable(
  { environment, narrator }: DemoContext,
  what: string,
  options: TableOptions = {},
): Promise<void> {
  narrator.command(`kubectl get ${what}${options.wide ? ' -o wide' : ''}`)
  narrator.output(formatTable(await environment.table(what), { ...options, width: 116 }))
}

/** Expects a condition to have this reason. */
export function conditionSays(
  { environment }: DemoContext,
  [kind, name, type]: readonly [kind: string, name: string, type: string],
  reason: string,
): Expectation<Condition> {
  const current = (): Condition | undefined => environment.condition(kind, name, type)
  return {
    what: `${kind} ${name} says ${type}: ${reason}`,
    within: INTERVAL + SLACK,
    look: () => (current()?.reason === reason ? current() : undefined),
    found: () => JSON.stringify(current() ?? 'no such condition'),
  }
}

const readiness = ({ environment }: DemoContext, name: string): Condition | undefined =>
  environment.condition('Agent', name, 'Ready')

const notReady = (context: DemoContext, names: readonly string[]): string[] =>
  names.filter((name) => readiness(context, name)?.status !== 'True')

const described = (context: DemoContext, names: readonly string[]): string =>
  names.map((name) => `${name}: ${JSON.stringify(readiness(context, name) ?? 'no condition Ready')}`).join('\n')

/** Expects these Agents to be Ready. */
export function allReady(context: DemoContext, names: readonly string[]): Expectation<true> {
  return {
    what: `${names.join(', ')} are Ready`,
    within: INTERVAL + SLACK,
    look: () => notReady(context, names).length === 0,
    found: () => described(context, notReady(context, names)),
  }
}

/** Expects these Agents to be Ready, and their messages to report no failure. */
export function upToDate(context: DemoContext, names: readonly string[]): Expectation<true> {
  const synced = (name: string): string => context.environment.condition('Agent', name, 'Synced')?.message ?? ''
  const behind = (): string[] =>
    names.filter((name) => !synced(name).includes('up to date') || notReady(context, [name]).length > 0)
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

/** @throws DemoFailure if one of these Agents is not Ready now. */
export function expectReady(context: DemoContext, names: readonly string[]): void {
  const others = notReady(context, names)
  expectThat(others.length === 0, `${names.join(' and ')} stay Ready`, described(context, others))
}

/** @throws DemoFailure unless the condition holds. */
export function expectThat(holds: boolean, expected: string, found: string): void {
  if (!holds) throw new DemoFailure(`expected: ${expected}\nfound: ${found}`)
}

/** Expects this summary of ready Agents in the integration's status. */
export function counts({ environment }: DemoContext, summary: string): Expectation<true> {
  const status = (): CalendarIntegrationStatus | undefined =>
    environment.object('CalendarIntegration', 'google')?.status
  return {
    what: `the integration counts ${summary} agents`,
    within: SLACK,
    look: () => status()?.agents?.summary === summary,
    found: () => JSON.stringify(status()?.agents),
  }
}
