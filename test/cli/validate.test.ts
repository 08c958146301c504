import { describe, expect, it } from 'vitest'
import { agent, ALICE, INTEGRATION, one, publishing, run } from './support/validate.ts'

describe('the report about manifests', () => {
  it('holds nothing that a terminal would obey, or be deceived by', async () => {
    const hostile = '"a\\e[2J\\u202eb"'
    const yaml = agent('alice', `  calendars: {read: [${hostile}]}\n  ${hostile}: 1`)
    const { lines, code } = await run({ 'a\u001b.yaml': yaml })
    expect([code, lines.length]).toEqual([1, 2])
    for (const line of lines) expect(line).not.toMatch(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/u)
  })
})

describe('manifests that are right', () => {
  it('are counted, and not reported', async () => {
    const result = await run({ 'a.yaml': `${INTEGRATION}---${ALICE}` })
    expect(result).toEqual({ code: 0, lines: [], summary: '2 objects of calendar-operator.io/v1alpha1, no problems' })
  })

  it('may be JSON, lists, empty documents, comments, CRLF, or begin with a byte order mark', async () => {
    const object = {
      apiVersion: 'calendar-operator.io/v1alpha1',
      kind: 'Agent',
      metadata: { name: 'bob' },
      spec: { integrationRef: { name: 'g' }, account: 'bob@example.com', publish: { accessToken: { name: 't' } } },
    }
    const result = await run({
      'a.json': JSON.stringify({ kind: 'List', apiVersion: 'v1', items: [object] }),
      'b.yaml': `\uFEFF# nothing\n---\n---\n${INTEGRATION}---\n`.replaceAll('\n', '\r\n'),
      'c.yaml': '',
    })
    expect(result.code).toBe(0)
    expect(result.lines).toEqual([
      'a.json:1: note: spec.integrationRef: CalendarIntegration g is not in these files; it has to be in the cluster',
    ])
    expect(result.summary).toBe('2 objects of calendar-operator.io/v1alpha1, no problems')
  })

  it('may come from standard input', async () => {
    expect(await run({ '-': INTEGRATION })).toMatchObject({ code: 0, lines: [] })
  })

  it('may use anchors and merges', async () => {
    const yaml = `${INTEGRATION}---
apiVersion: calendar-operator.io/v1alpha1
kind: AgentList
items:
- apiVersion: calendar-operator.io/v1alpha1
  kind: Agent
  metadata: {name: alice, namespace: booking}
  spec: &spec
    integrationRef: {name: google}
    account: alice@example.com
    publish: {accessToken: {name: alice}}
- apiVersion: calendar-operator.io/v1alpha1
  kind: Agent
  metadata: {name: bob, namespace: booking}
  spec:
    <<: *spec
    publish: {accessToken: {name: bob}}
`
    expect(await one(yaml)).toMatchObject({ code: 0, lines: [] })
  })

  it('mean by yes and no what kubectl takes them for', async () => {
    expect(await one(`${INTEGRATION}  suspend: yes\n`)).toMatchObject({ code: 0, lines: [] })
  })

  it.each(['2026-11-23', '10:30', '2026-11-23T10:00:00Z'])('hold texts that look like times: %s', async (name) => {
    const yaml = agent('alice', `${publishing('a')}  displayName: ${name}\n`)
    expect(await one(`${INTEGRATION}---${yaml}`)).toMatchObject({ code: 0, lines: [] })
  })
})

describe('a problem is reported with file, line, field, finding and advice:', () => {
  const cases: [string, string, string[]][] = [
    [
      'an unknown field',
      INTEGRATION.replace('siteURI', 'siteUrl'),
      [
        'a.yaml:6: spec.google.siteURI: is missing, and required: The origin of the booking site, as registered at Google under "Authorized JavaScript origins": scheme and host, and the port where it is not the usual one.',
        'a.yaml:8: spec.google.siteUrl: unknown field: did you mean siteURI?',
      ],
    ],
    [
      'a rule that is broken',
      INTEGRATION.replace('example.com', 'example.com/app'),
      [
        'a.yaml:8: spec.google.siteURI: must be an origin, without path, query, fragment or trailing slash, for example https://booking.example.com, found "https://booking.example.com/app"',
      ],
    ],
    [
      'a value that is empty',
      INTEGRATION.replace('name: google-oauth-client', 'name: ""'),
      ["a.yaml:7: spec.google.clientSecretRef.name: is empty: The Secret's name."],
    ],
    [
      'a value of the wrong type',
      `${INTEGRATION}  sync:\n    interval: 300\n`,
      ['a.yaml:10: spec.sync.interval: must be of type string, found 300 (integer)'],
    ],
    [
      'a bare name in place of an object, and a word in place of a boolean',
      `${INTEGRATION.replace('{name: google-oauth-client}', 'google')}  suspend: "yes"\n`,
      [
        'a.yaml:7: spec.google.clientSecretRef: must be of type object, found "google" (string); write its fields: name, key',
        'a.yaml:9: spec.suspend: must be of type boolean, found "yes" (string); write true or false',
      ],
    ],
    [
      'a word that is not on offer',
      `${INTEGRATION}    userType: Intern\n`,
      ['a.yaml:9: spec.google.userType: found "Intern", which is not a valid value; did you mean Internal?'],
    ],
    [
      'a word far from what is on offer',
      `${INTEGRATION}    userType: everybody\n`,
      ['a.yaml:9: spec.google.userType: found "everybody", which is not a valid value; write External or Internal'],
    ],
    [
      'something that is not allowed here',
      agent('alice', `  publish:\n    calendar:\n      name: x\n      detail: Full\n`),
      [
        'a.yaml:11: spec.publish.calendar.detail: detail Full is allowed only where kind is Secret; set kind to Secret, or detail to Busy',
      ],
    ],
    [
      'something that is said twice in a list',
      agent('alice', '  calendars:\n    read:\n    - primary\n    - primary\n'),
      ['a.yaml:11: spec.calendars.read[1]: "primary" appears twice; leave one of them out'],
    ],
    [
      'a name that is too long',
      agent('alice', publishing('a'.repeat(254))),
      ['a.yaml:9: spec.publish.calendar.name: is too long, it may not be more than 253 characters, found 254'],
    ],
    [
      'a list that is too long',
      agent('alice', `  calendars: {read: [${Array.from({ length: 51 }, (_, index) => `c${index}`).join()}]}\n`),
      ['a.yaml:8: spec.calendars.read: has too many items, it must have at most 50 items, found 51'],
    ],
    [
      'a selector that is missing',
      `${INTEGRATION}  allowedNamespaces: {from: Selector}\n`,
      [
        'a.yaml:9: spec.allowedNamespaces.selector: is missing: needed where from is Selector, for example {matchLabels: {calendars: allowed}}',
      ],
    ],
    [
      'a field that appears twice',
      `${INTEGRATION}  suspend: true\n  suspend: false\n`,
      ['a.yaml:10: this field appears twice; keep one of them'],
    ],
    [
      'a name that is none',
      ALICE.replace('name: alice,', 'name: Alice,'),
      [
        expect.stringMatching(
          /^a\.yaml:4: metadata\.name: a lowercase RFC 1123 subdomain .*, found "Alice"$/,
        ) as string,
      ],
    ],
    [
      'a problem in a list',
      `apiVersion: v1\nkind: List\nitems:\n- apiVersion: calendar-operator.io/v1alpha1\n  kind: Agent\n  metadata: {name: a}\n  spec:\n    integrationRef: {name: g}\n    account: a\n`,
      [
        'a.yaml:9: spec.account: must be the e-mail address of one Google account, for example alice@example.com, found "a"',
      ],
    ],
    [
      'a value that is long',
      agent('alice').replace('alice@example.com', 'x'.repeat(200)),
      [
        `a.yaml:7: spec.account: must be the e-mail address of one Google account, for example alice@example.com, found "${'x'.repeat(59)}…`,
      ],
    ],
  ]

  it.each(cases)('%s', async (_, yaml, lines) => {
    expect(await one(yaml)).toMatchObject({ code: 1, lines })
  })

  it('several at once, in the order of files and lines', async () => {
    const bad = agent('bob', '  suspend: 1\n').replace('bob@example.com', 'bob')
    const { lines } = await run({ 'z.yaml': bad, 'a.yaml': bad })
    expect(lines.map((line) => line.split(': ').slice(0, 2).join(': '))).toEqual([
      'z.yaml:7: spec.account',
      'z.yaml:8: spec.suspend',
      'a.yaml:7: spec.account',
      'a.yaml:8: spec.suspend',
    ])
  })
})

describe('objects together', () => {
  it('must not publish to one place', async () => {
    const { code, lines } = await run({
      'a.yaml': `${INTEGRATION}---${agent('alice', publishing('busy'))}`,
      'b.yaml': agent('bob', publishing('busy')),
    })
    expect(code).toBe(1)
    expect(lines).toEqual([
      'b.yaml:9: spec.publish.calendar.name: ConfigMap busy is also the published calendar of Agent booking/alice (a.yaml:10); give each a name of its own',
    ])
  })

  it('may publish under one name to different kinds or namespaces', async () => {
    const integration = `${INTEGRATION}  allowedNamespaces: {from: All}\n`
    const agents = [
      agent('alice', publishing('busy')),
      agent('bob', publishing('busy', 'Secret')),
      agent('alice', publishing('busy'), 'other'),
    ]
    expect(await one([integration, ...agents].join('---'))).toMatchObject({ code: 0, lines: [] })
  })

  it.each([
    ['the client Secret of CalendarIntegration booking/google', publishing('google-oauth-client', 'Secret')],
    ['the supplied grant of Agent booking/alice', publishing('supplied', 'Secret')],
  ])('must not write over %s', async (what, publish) => {
    const alice = agent('alice', `${publishing('alice')}  grantSecretRef: {name: supplied}\n`)
    const { code, lines } = await one([INTEGRATION, alice, agent('bob', publish)].join('---'))
    expect(code).toBe(1)
    expect(lines).toHaveLength(1)
    expect(lines[0]).toContain(`is also ${what}`)
  })

  it('must not publish under the name of a grant', async () => {
    const { code, lines } = await one(
      [INTEGRATION, agent('bob', publishing('alice-google-grant', 'Secret'))].join('---'),
    )
    expect(code).toBe(1)
    expect(lines.join('\n')).toContain('spec.publish.calendar.name')
    expect(lines.join('\n')).toContain('reserved for what the operator stores')
  })

  it('may read one supplied grant', async () => {
    const supplied = (name: string): string => agent(name, `${publishing(name)}  grantSecretRef: {name: supplied}\n`)
    expect(await one([INTEGRATION, supplied('alice'), supplied('bob')].join('---'))).toMatchObject({
      code: 0,
      lines: [],
    })
  })

  it('that occur twice are noted, and don’t conflict with themselves', async () => {
    const { code, lines } = await run({ 'a.yaml': `${INTEGRATION}---${ALICE}`, 'b.yaml': ALICE })
    expect(code).toBe(0)
    expect(lines).toEqual(['b.yaml:2: note: Agent booking/alice is already defined (a.yaml:10); the later one wins'])
  })

  it('must be allowed to use each other', async () => {
    const elsewhere = agent('carol', publishing('carol'), 'elsewhere')
    const { code, lines } = await one(`${INTEGRATION}---${elsewhere}`)
    expect(code).toBe(1)
    expect(lines).toEqual([
      'a.yaml:14: spec.integrationRef: CalendarIntegration booking/google serves its own namespace only; set its spec.allowedNamespaces.from to All or Selector, or move Agent elsewhere/carol',
    ])
  })

  it('are not judged by one that is broken', async () => {
    const broken = INTEGRATION.replace('https:', 'ftp:')
    const { lines } = await one(`${broken}---${ALICE}`)
    expect(lines).toHaveLength(1)
    expect(lines[0]).toContain('spec.google.siteURI')
  })

  it('may publish nothing, which is noted', async () => {
    const { code, lines } = await one(`${INTEGRATION}---${agent('alice')}`)
    expect(code).toBe(0)
    expect(lines).toEqual([
      'a.yaml:13: note: spec.publish: nothing is published; name a calendar or an accessToken, unless the connection alone is wanted',
    ])
  })

  it('without names yet don’t clash', async () => {
    const unnamed = agent('x', '  publish: {accessToken: {name: T}}\n').replace('name: x,', 'generateName: x-,')
    const { code } = await one([INTEGRATION, unnamed.replace('T}', 't1}'), unnamed.replace('T}', 't2}')].join('---'))
    expect(code).toBe(0)
  })
})
