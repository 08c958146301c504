import { describe, expect, test } from 'vitest'
import { tableOf, type Measured, type Phase } from '../../bench/figures.ts'

/** A phase that ends after so many reads at Google, a second of CPU and ten requests to Kubernetes for each. */
const phase = (reads: number, before?: Phase): Phase => ({
  seconds: 10,
  before: before?.after,
  after: {
    cpuSeconds: reads,
    peakMiB: 100,
    residentMiB: 100,
    google: new Map([['events.list', reads]]),
    kubernetes: new Map([['GET', 10 * reads]]),
  },
})

/** A run with one Agent, whose steady state has so many reads, or was not measured. */
function aRun(reads?: number): Measured {
  const [cold, restart] = [phase(1), phase(2)]
  return { agents: 1, cold, restart, ...(reads !== undefined && { steady: phase(2 + reads, restart) }) }
}

/** The rows of the steady state. */
const steady = (...runs: Measured[]): string[] =>
  tableOf(runs, undefined, '0.1.0')
    .split('\n')
    .filter((row) => row.startsWith('| steady'))

describe('the table of a bench', () => {
  test('has what a read of the steady state costs', () => {
    expect(steady(aRun(4))).toEqual([
      '| steady, CPU ms a read | 1000 |  |  |',
      '| steady, requests to Kubernetes a read | 10.00 |  |  |',
    ])
  })

  test('says so if the steady state had no read', () => {
    expect(steady(aRun(0), aRun(0))).toEqual([
      '| steady, CPU ms a read | no read |  |  |',
      '| steady, requests to Kubernetes a read | no read |  |  |',
    ])
  })

  test('leaves out the runs without a read if others had one', () => {
    expect(steady(aRun(0), aRun(4))[0]).toBe('| steady, CPU ms a read | 1000 |  |  |')
  })

  test('says nothing about a steady state that was not measured', () => {
    expect(steady(aRun())[0]).toBe('| steady, CPU ms a read |  |  |  |')
  })
})
