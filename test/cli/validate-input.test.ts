/** What `calendar-operator validate` takes for manifests, and what it leaves alone. */
import { describe, expect, it } from 'vitest'
import { agent, ALICE, one, run } from './support/validate.ts'

describe('what cannot be read', () => {
  it.each([
    ['no YAML', 'a: [1\n', /^a\.yaml:\d+: is not YAML: /],
    ['a text', 'just words\n', /^a\.yaml:1: is not an object; write apiVersion/],
    ['an alias of nothing', 'kind: *nothing\n', /^a\.yaml:1: /],
    ['a template', '{{- if .Values.x }}\nkind: Agent\n', /^a\.yaml:\d+: is not YAML: /],
  ])('is a problem: %s', async (_, yaml, expected) => {
    const { code, lines } = await one(yaml)
    expect(code).toBe(1)
    expect(lines[0]).toMatch(expected)
  })

  it('does not keep the rest from being looked at', async () => {
    const { lines } = await run({
      'a.yaml': `a: [1\n---${agent('bob').replace('bob@example.com', 'bob')}`,
      'b.yaml': ALICE,
    })
    expect(lines.filter((line) => !line.includes('note:'))).toEqual([
      expect.stringMatching(/^a\.yaml:\d+: is not YAML/),
      expect.stringMatching(/^a\.yaml:8: spec\.account/),
    ])
  })

  it('is named with the reason', async () => {
    const { code, lines } = await run({}, ['missing.yaml', 'dir'])
    expect(code).toBe(1)
    expect(lines).toEqual(['missing.yaml: there is no such file', 'dir: is a directory; name the files in it'])
  })

  it('may not be nothing at all', async () => {
    expect(await run({}, [])).toMatchObject({
      code: 1,
      summary: 'name at least one file to validate, or - for standard input',
    })
  })

  it.each([
    ['is empty', { '-': '' }, 'found no object in standard input'],
    [
      'has only comments, in both files',
      { 'a.yaml': '# none\n', 'b.yaml': '---\n---\n' },
      'found no object in a.yaml, b.yaml',
    ],
    ['is a list of nothing', { 'a.yaml': 'kind: List\napiVersion: v1\nitems: []\n' }, 'found no object in a.yaml'],
  ])('%s: nothing was validated, which is a failure', async (_, files, summary) => {
    expect(await run(files as Record<string, string>)).toEqual({ code: 1, lines: [], summary })
  })

  it('may hold other kinds only', async () => {
    const { code, summary } = await run({ 'a.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n' })
    expect([code, summary]).toEqual([
      0,
      'no objects of calendar-operator.io/v1alpha1, no problems, 1 of other kinds skipped (1 ConfigMap)',
    ])
  })

  it('cannot be made to fill the memory', async () => {
    const levels = Array.from(
      { length: 12 },
      (_, i) =>
        `a${i}: &a${i} [${
          i === 0
            ? 'x'
            : Array(9)
                .fill(`*a${i - 1}`)
                .join()
        }]`,
    )
    const { code, lines } = await one(`kind: Agent\napiVersion: v1\n${levels.join('\n')}\n`)
    expect(code).toBe(1)
    expect(lines[0]).toMatch(/alias/i)
  })
})

describe('objects of other kinds', () => {
  it('are skipped and counted', async () => {
    const others = ['v1 Secret', 'v1 Secret', 'apps/v1 Deployment', 'agent.k8s.elastic.co/v1alpha1 Agent']
    const documents = others.map(
      (other) => `apiVersion: ${other.split(' ')[0]}\nkind: ${other.split(' ')[1]}\nspec: 1\n`,
    )
    expect(await run({ 'a.yaml': documents.join('---\n') })).toEqual({
      code: 0,
      lines: [],
      summary:
        'no objects of calendar-operator.io/v1alpha1, no problems, 4 of other kinds skipped (2 Secret, 1 Deployment, 1 Agent)',
    })
  })

  it.each([
    [
      'calendar-operator.io/v1alpha1',
      'Agnet',
      'a.yaml:2: kind: Agnet is not a kind of calendar-operator.io/v1alpha1; did you mean Agent?',
    ],
    [
      'calendar-operator.io/v1alpha1',
      'Meeting',
      'a.yaml:2: kind: Meeting is not a kind of calendar-operator.io/v1alpha1; write Agent, Booking or CalendarIntegration',
    ],
    [
      'calendar-operator.io/v1',
      'Agent',
      'a.yaml:1: apiVersion: found calendar-operator.io/v1; write calendar-operator.io/v1alpha1',
    ],
    [
      'calendar-operators.io/v1alpha1',
      'Agent',
      'a.yaml:1: apiVersion: found calendar-operators.io/v1alpha1; write calendar-operator.io/v1alpha1',
    ],
    ['v1alpha1', 'Agent', 'a.yaml:1: apiVersion: found v1alpha1; write calendar-operator.io/v1alpha1'],
    ['v1', 'CalendarIntegration', 'a.yaml:1: apiVersion: found v1; write calendar-operator.io/v1alpha1'],
    [
      '""',
      'Agent',
      'a.yaml:1: apiVersion: is missing; write calendar-operator.io/v1alpha1, or remove this document if it is not a Kubernetes object',
    ],
    ['calendar-operator.io/v1alpha1', '[]', 'a.yaml:2: kind: is missing; write Agent, Booking or CalendarIntegration'],
  ])('that are meant to be ours are not: %s %s', async (apiVersion, kind, line) => {
    expect(await one(`apiVersion: ${apiVersion}\nkind: ${kind}\n`)).toMatchObject({ code: 1, lines: [line] })
  })
})
