import { describe, expect, it } from 'vitest'
import { agent, ALICE, INTEGRATION, one, publishing } from './support/validate.ts'

const booking = (rest = '', agentName = 'alice'): string => `
apiVersion: calendar-operator.io/v1alpha1
kind: Booking
metadata: {name: viewing, namespace: booking}
spec:
  agentRef: {name: ${agentName}}
  start: 2026-12-01T14:00:00+01:00
  end: 2026-12-01T15:00:00+01:00
  title: Viewing
${rest}`
const writing = (name: string, account = name): string =>
  agent(name, `${publishing(name)}  calendars: {write: primary}\n`).replace(`account: ${name}@`, `account: ${account}@`)

describe('a booking', () => {
  it('of an agent that writes is right', async () => {
    const yaml = [INTEGRATION, writing('alice'), booking('  timeZone: Europe/Paris\n')].join('---')
    expect(await one(yaml)).toMatchObject({ code: 0, lines: [] })
  })

  it('needs an agent that writes', async () => {
    const { code, lines } = await one([INTEGRATION, ALICE, booking()].join('---'))
    expect(code).toBe(1)
    expect(lines).toEqual([
      'a.yaml:23: spec.agentRef.name: Agent booking/alice (a.yaml:10) writes no calendar; set its spec.calendars.write, for example to primary',
    ])
  })

  it('is judged by the last definition of its agent, which is the one that kubectl apply leaves', async () => {
    const writes = [INTEGRATION, ALICE, booking(), writing('alice')].join('---')
    const writesNot = [INTEGRATION, writing('alice'), booking(), ALICE].join('---')
    expect(await one(writes)).toMatchObject({ code: 0, lines: [expect.stringContaining('the later one wins')] })
    expect((await one(writesNot)).lines).toContainEqual(expect.stringContaining('writes no calendar'))
  })

  it('may be of an agent that is not in the files, or in another namespace, which is noted', async () => {
    const elsewhere = writing('alice').replace('namespace: booking}\nspec', 'namespace: other}\nspec')
    const integration = `${INTEGRATION}  allowedNamespaces: {from: All}\n`
    const { code, lines } = await one([integration, elsewhere, booking()].join('---'))
    expect(code).toBe(0)
    expect(lines).toEqual([
      'a.yaml:25: note: spec.agentRef.name: Agent booking/alice is not in these files; it has to be in the cluster',
    ])
  })

  it.each([
    ['  timeZone: Europe/Pari\n', 'Europe/Pari'],
    ['  timeZone: "+01:00"\n', '+01:00'],
  ])('must be in a time zone that exists: %j', async (rest, found) => {
    const { code, lines } = await one([INTEGRATION, writing('alice'), booking(rest)].join('---'))
    expect(code).toBe(1)
    expect(lines).toEqual([
      `a.yaml:28: spec.timeZone: is not a known time zone; write its IANA name, such as Europe/Paris, found "${found}"`,
    ])
  })

  it.each([
    [
      'end: 2026-12-01T15:00:00+01:00',
      'end: 2026-12-01T13:00:00Z',
      'spec.end: must be after start, found "2026-12-01T13:00:00Z"',
    ],
    [
      'end: 2026-12-01T15:00:00+01:00',
      'end: 2026-12-01T15:00:00',
      'spec.end: does not have the required form: When it ends, in the same form: after start, and at most 14 days later. Found "2026-12-01T15:00:00"',
    ],
    [
      'start: 2026-12-01T14:00:00+01:00',
      'start: tomorrow',
      'spec.start: does not have the required form: When the appointment begins: RFC 3339 with whole seconds and an offset or Z, such as 2026-12-01T14:00:00+01:00. Found "tomorrow"',
    ],
  ])('must have times that are right, and is refused once for each: %s, %s', async (before, after, line) => {
    const { code, lines } = await one([INTEGRATION, writing('alice'), booking().replace(before, after)].join('---'))
    expect(code).toBe(1)
    expect(lines.map((text) => text.replace(/^a\.yaml:\d+: /, ''))).toEqual([line])
  })
})

describe('two agents that write', () => {
  it('to calendars of one account are noted', async () => {
    const { code, lines } = await one([INTEGRATION, writing('alice'), writing('bob', 'Alice')].join('---'))
    expect(code).toBe(0)
    expect(lines).toEqual([
      'a.yaml:28: note: spec.calendars.write: Agent booking/alice (a.yaml:10) writes to calendars of the same account; give one Agent of an account calendars.write, because Bookings of two Agents are decided in one order only where one replica serves both',
    ])
  })

  it('need an integration with a scope that allows it', async () => {
    const scopes = '    scopes: [https://www.googleapis.com/auth/calendar.readonly]\n'
    const { code, lines } = await one(
      [`${INTEGRATION}${scopes}`, writing('alice'), ALICE.replaceAll('alice', 'bob')].join('---'),
    )
    expect(code).toBe(1)
    expect(lines).toEqual([
      'a.yaml:19: spec.calendars.write: no scope in spec.google.scopes of CalendarIntegration booking/google (a.yaml:2) allows writing events; add https://www.googleapis.com/auth/calendar.events there',
    ])
  })

  it('to calendars of two accounts are right, and so are two of one account of which one writes', async () => {
    const reading = agent('carol', publishing('carol')).replace('carol@', 'alice@')
    const yaml = [INTEGRATION, writing('alice'), writing('bob'), reading].join('---')
    expect(await one(yaml)).toMatchObject({ code: 0, lines: [] })
  })
})
