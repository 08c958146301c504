/**
 * Every state that a journey saw, as other tools interpret it: kstatus with its own library, which Flux uses, and Argo CD with
 * our script. It runs after the journeys.
 */
import { execFileSync } from 'node:child_process'
import { beforeAll, describe, expect, it } from 'vitest'
import { CUSTOM_KINDS } from '../../../src/kubernetes/kinds.ts'
import { createHealth, type Health } from '../../support/argocd.ts'
import { keptSnapshots, type Snapshot } from '../../support/snapshots.ts'
import { findTool } from '../tools.ts'

type Verdict = 'Current' | 'InProgress' | 'Failed' | 'Terminating'

/** The health of an object by our own rules: docs/decisions/0003-status-writing.md. */
function ours({ metadata, status }: Snapshot): Verdict {
  const holds = (type: string): boolean =>
    (status?.conditions ?? []).some((one) => one.type === type && one.status === 'True')
  if (metadata.deletionTimestamp !== undefined) return 'Terminating'
  if (status?.observedGeneration !== metadata.generation) return 'InProgress'
  if (holds('Stalled')) return 'Failed'
  return holds('Reconciling') || !holds('Ready') ? 'InProgress' : 'Current'
}

const ARGO: Record<Exclude<Verdict, 'Terminating'>, Health['status']> = {
  Current: 'Healthy',
  InProgress: 'Progressing',
  Failed: 'Degraded',
}

/** One result for each object. */
async function kstatus(objects: readonly Snapshot[]): Promise<string[]> {
  const program = await findTool('kstatus')
  const input = objects.map((object) => `${JSON.stringify(object)}\n`).join('')
  const output = execFileSync(program, { input, encoding: 'utf8', maxBuffer: 2 ** 24 })
  return output.trimEnd().split('\n')
}

const told = ({ kind, metadata, status }: Snapshot): string =>
  `${kind} of generation ${metadata.generation ?? '?'} with ${JSON.stringify(status)}`

describe('the states of the journeys', () => {
  let seen: Snapshot[]
  beforeAll(() => {
    seen = keptSnapshots()
  })

  it('are many, of every kind and of every health', () => {
    // About sixty. Which intermediate states are seen depends on the speed of the API server.
    expect(seen.length).toBeGreaterThan(40)
    const kinds = seen.map((object) => `${object.kind} ${ours(object)}`)
    for (const kind of CUSTOM_KINDS) {
      for (const verdict of ['Current', 'InProgress', 'Failed']) expect(kinds).toContain(`${kind} ${verdict}`)
    }
    expect(kinds).toContain('Agent Terminating')
    const suspended = seen.filter(({ spec }) => spec?.suspend).map(({ kind }) => kind)
    expect(suspended).toEqual(expect.arrayContaining(['Agent', 'CalendarIntegration']))
  })

  it('have the same health in kstatus as by our rules', async () => {
    const verdicts = await kstatus(seen)
    const different = seen.flatMap((object, index) =>
      verdicts[index] === ours(object) ? [] : [`${verdicts[index] ?? '?'}: ${told(object)}`],
    )
    expect(different).toEqual([])
  })

  it('have the same health in Argo CD, except for suspended objects', async () => {
    const health = await createHealth()
    const different: string[] = []
    for (const object of seen) {
      const verdict = ours(object)
      // Argo CD does not run the script for objects that are being deleted.
      if (verdict === 'Terminating') continue
      const { status } = await health(object)
      if (status !== (object.spec?.suspend ? 'Suspended' : ARGO[verdict])) different.push(`${status}: ${told(object)}`)
    }
    expect(different).toEqual([])
  })
})
