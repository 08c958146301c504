/** The workflows of GitHub run the steps of `.ci/run`, with actions that nobody can change under us. */
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'

const FOLDER = '.github/workflows'
const read = (file: string): string => readFileSync(join(FOLDER, file), 'utf8')
const steps = execFileSync('.ci/run', ['--list'], { encoding: 'utf8' }).trimEnd().split('\n')

interface Workflow {
  permissions: Record<string, string>
  jobs: Record<string, { strategy?: { matrix: { include?: { steps: string }[] } }; steps: { run?: string }[] }>
}

/** The arguments of every call of `.ci/run`. */
function stepsOf({ jobs }: Workflow): string[] {
  return Object.values(jobs).flatMap((job) => {
    const matrix = job.strategy?.matrix.include?.map((one) => one.steps) ?? []
    const calls = job.steps.flatMap(({ run = '' }) =>
      [...run.matchAll(/\.ci\/run ([\w -]+)/g)].map(([, names = '']) => names),
    )
    return [...matrix, ...calls].flatMap((names) => names.trim().split(' '))
  })
}

describe.each(readdirSync(FOLDER))('%s', (file) => {
  const text = read(file)
  const workflow = parse(text) as Workflow

  test('pins every action by its commit, with the version in a comment', () => {
    const uses = [...text.matchAll(/uses: (.*)$/gm)].map(([, action = '']) => action)
    expect(uses.filter((action) => !/^[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(action))).toEqual([])
  })

  test('grants no job the right to write unless that job asks for it', () => {
    expect(Object.values(workflow.permissions).filter((right) => right !== 'read')).toEqual([])
  })

  test('names steps that .ci/run has', () => {
    expect(stepsOf(workflow).filter((name) => !steps.includes(name))).toEqual([])
  })
})

test('CI runs every step of .ci/run, except those that its jobs replace', () => {
  const run = stepsOf(parse(read('ci.yaml')) as Workflow)
  // A matrix brings the other version of Node, and each job has a clone of its own.
  expect(steps.filter((name) => !run.includes(name))).toEqual(['test-node', 'clean'])
})
