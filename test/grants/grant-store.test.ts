import { beforeEach, describe, expect, test } from 'vitest'
import type { Grant } from '../../src/grants/grant.ts'
import { isStepFailure, type StepFailure } from '../../src/failures/step-failure.ts'
import { ApiError } from '../../src/kubernetes/port.ts'
import { CONSENT_IS_GUESS, MANAGED_BY, NOT_YET_CHECKED } from '../../src/resources/names.ts'
import { marksOf, withController } from '../../src/resources/ownership.ts'
import { anAgent } from '../support/resources.ts'
import { Bench, CLIENT } from '../support/agent-bench.ts'

const OWN = 'alice-google-grant'
const TOKEN = '1//0gAlice'
const DAY = 24 * 60 * 60_000

let bench: Bench

beforeEach(() => {
  bench = new Bench()
})

const gain = (force = false): Promise<Grant | StepFailure> => bench.gain(force)

const reasonOf = (result: Grant | StepFailure): string => (isStepFailure(result) ? result.reason : 'Granted')
const messageOf = (result: Grant | StepFailure): string => (isStepFailure(result) ? result.message : '')
const own = () => bench.small.get('Secret', OWN)
const kept = (): string | undefined => bench.small.text(OWN).refresh_token
const supply = (token = TOKEN, more: Record<string, string> = {}): void =>
  void bench.small.secret('alice-grant', { refresh_token: token, ...more })

const signedIn = anAgent({ grantSecretRef: undefined })
const stored = { refresh_token: TOKEN, account: 'alice@example.com', client_id: CLIENT }

describe('a supplied grant', () => {
  test('is stored with its role and annotations, and marked as checked', async () => {
    supply()
    expect(reasonOf(await gain())).toBe('Granted')
    expect(own()?.metadata).toMatchObject(marksOf(bench.agent, 'grant'))
    expect(own()?.metadata.annotations?.[NOT_YET_CHECKED]).toBeUndefined()
    expect(kept()).toBe(TOKEN)
  })

  test('that Google rotates is saved before it is used', async () => {
    supply()
    bench.rotatesTo = '1//0gRotated'
    await gain()
    expect(bench.asked).toEqual([
      { what: 'refresh', token: TOKEN, kept: undefined },
      { what: 'calendar', token: 'ya29.1', kept: '1//0gRotated' },
    ])
  })

  test('that Google rotates is not lost if the write meets a conflict', async () => {
    supply()
    await gain()
    await bench.clock.advance(50 * 60_000)
    bench.rotatesTo = '1//0gRotated'
    const { metadata } = own()!
    bench.small.meanwhile = [
      () =>
        bench.small.secret(OWN, bench.small.text(OWN), { ...metadata, labels: { ...metadata.labels, theirs: 'x' } }),
    ]
    await expect(gain()).rejects.toMatchObject({ failure: 'Conflict' })
    expect(bench.known.grant).toMatchObject({ refreshToken: '1//0gRotated', saved: false })
    await gain()
    expect(kept()).toBe('1//0gRotated')
  })

  test('that is rotated before its account is known is marked as not checked', async () => {
    supply()
    bench.rotatesTo = '1//0gRotated'
    bench.account = 'mallory@example.com'
    expect(reasonOf(await gain())).toBe('WrongAccount')
    expect(own()?.metadata.annotations?.[NOT_YET_CHECKED]).toBe('true')
  })

  test('that cannot be written is used from memory, reported, and saved as soon as that works', async () => {
    supply()
    bench.rotatesTo = '1//0gRotated'
    bench.small.refuse = () => new ApiError('Forbidden', 'exceeded quota')
    const grant = await gain()
    expect(grant).toMatchObject({ refreshToken: '1//0gRotated', saved: false })
    expect(bench.known.unsaved).toMatchObject({ condition: 'Synced', reason: 'PublishFailed' })
    expect(bench.known.unsaved?.message).toContain('exceeded quota')
    bench.rotatesTo = undefined
    expect(await gain()).toMatchObject({ refreshToken: '1//0gRotated' })
    bench.small.refuse = undefined
    await gain()
    expect(kept()).toBe('1//0gRotated')
    expect(bench.known.unsaved).toBeUndefined()
    expect(bench.asked.filter(({ what }) => what === 'refresh')).toHaveLength(1)
  })

  test('that a webhook changes on the way is used from memory, reported, and saved once the webhook is gone', async () => {
    supply()
    bench.rotatesTo = '1//0gRotated'
    bench.small.admit = (object) => ({ ...object, data: { ...object.data, refresh_token: 'dGhlaXJz' } })
    expect(await gain()).toMatchObject({ refreshToken: '1//0gRotated' })
    expect(bench.known.unsaved).toMatchObject({ condition: 'Synced', reason: 'PublishFailed' })
    expect(bench.known.unsaved?.message).toContain('webhook')
    bench.rotatesTo = undefined
    expect(await gain()).toMatchObject({ refreshToken: '1//0gRotated' })
    bench.small.admit = undefined
    await gain()
    expect(kept()).toBe('1//0gRotated')
    expect(bench.known.unsaved).toBeUndefined()
    expect(bench.asked.filter(({ what }) => what === 'refresh')).toHaveLength(1)
  })

  test('to which a webhook adds a key is saved', async () => {
    supply()
    bench.small.admit = (object) => ({ ...object, data: { ...object.data, theirs: 'eA==' } })
    await gain()
    expect(bench.known.grant?.saved).toBe(true)
    expect(bench.known.unsaved).toBeUndefined()
  })

  test('replaces our own Secret if that was edited before the grant was saved', async () => {
    supply()
    await gain()
    bench.rotatesTo = '1//0gRotated'
    bench.small.refuse = () => new ApiError('Unreachable', 'away')
    await bench.clock.advance(50 * 60_000)
    await gain()
    bench.small.refuse = undefined
    const { metadata } = own()!
    bench.small.secret(OWN, { ...stored, note: 'mine' }, metadata)
    await gain()
    expect(bench.small.text(OWN)).toMatchObject({ refresh_token: '1//0gRotated', note: 'mine' })
    expect(bench.asked.filter(({ what }) => what === 'refresh')).toHaveLength(2)
  })

  test('is replaced if somebody puts another token into our own Secret', async () => {
    supply()
    await gain()
    bench.small.secret(OWN, { ...stored, refresh_token: '1//0gOther' }, own()!.metadata)
    await gain()
    expect(bench.asked.at(-1)).toMatchObject({ token: '1//0gOther' })
  })

  test.each([
    ['"1//0gAlice"\n', 'white space; quotes'],
    [JSON.stringify({ refresh_token: TOKEN }), 'the JSON around it'],
    [Buffer.from(TOKEN).toString('base64'), 'a second base64 encoding'],
    [encodeURIComponent(TOKEN), 'URL-encoding'],
  ])('that was pasted as %j is understood, and that is said', async (text, words) => {
    supply(text)
    expect(reasonOf(await gain())).toBe('Granted')
    expect(kept()).toBe(TOKEN)
    expect(bench.known.suppliedRemark).toContain(words)
    expect(bench.small.events.map(({ note }) => note)).toEqual([bench.known.suppliedRemark])
    await gain()
    bench.forget()
    await gain()
    expect(bench.known.suppliedRemark).toContain(words)
    expect(bench.small.events).toHaveLength(1)
  })

  test('that cannot be a token is described, and Google is not asked', async () => {
    supply('ya29.something-secret')
    const result = await gain()
    expect(result).toMatchObject({ reason: 'GrantSecretInvalid', requeue: { kind: 'blocked' } })
    expect(messageOf(result)).toContain('Secret alice-grant')
    expect(messageOf(result)).toContain('is an access token')
    expect(messageOf(result)).not.toContain('something-secret')
    expect(bench.asked).toEqual([])
    supply()
    expect(reasonOf(await gain())).toBe('Granted')
  })

  test.each([
    ['a grant of another Agent', marksOf({ metadata: { name: 'bob' } }, 'grant')],
    ['something published', marksOf({ metadata: { name: 'bob' } }, 'access-token')],
    ['an object of 0.1.0', { labels: MANAGED_BY }],
  ])('is never %s', async (_, metadata) => {
    bench.small.secret('alice-grant', { refresh_token: TOKEN }, metadata)
    expect(reasonOf(await gain())).toBe('GrantSecretInvalid')
    expect(bench.asked).toEqual([])
  })

  test.each([
    ['a year ahead', 365 * DAY],
    ['ten minutes ahead', 10 * 60_000],
  ])('whose granted_at lies %s counts from when it was first seen', async (_, ahead) => {
    supply(TOKEN, { granted_at: new Date(bench.clock.now() + ahead).toISOString() })
    expect(await gain()).toMatchObject({ grantedAt: bench.clock.now(), grantedAtIsGuess: true })
    expect(bench.known.suppliedRemark).toContain('granted_at is not used')
    expect(own()?.metadata.annotations?.[CONSENT_IS_GUESS]).toBe('true')
  })

  test.each(['yesterday', '1700000000', '0001-01-01T00:00:00Z'])('whose granted_at is %s, too', async (granted_at) => {
    supply(TOKEN, { granted_at })
    expect(await gain()).toMatchObject({ grantedAt: bench.clock.now(), grantedAtIsGuess: true })
  })

  test('whose granted_at is in quotes counts from that time', async () => {
    supply(TOKEN, { granted_at: ' "2026-11-20T10:00:00Z"\n' })
    expect(await gain()).toMatchObject({ grantedAt: Date.parse('2026-11-20T10:00:00Z'), grantedAtIsGuess: false })
    expect(bench.known.suppliedRemark).toBeUndefined()
  })

  test('in which nothing has to be corrected gets no remark and no Event', async () => {
    supply()
    await gain()
    expect(bench.known.suppliedRemark).toBeUndefined()
    expect(bench.small.events).toEqual([])
  })

  test('in which two things have to be corrected gets one remark on both', async () => {
    supply(`"${TOKEN}"`, { granted_at: 'yesterday' })
    await gain()
    expect(bench.known.suppliedRemark).toBe(
      'In Secret alice-grant: stripped from refresh_token: quotes. In it, granted_at is not used, because it is not an RFC 3339 time in the past.',
    )
  })

  test('takes a time of consent that is stated later, without another request to Google', async () => {
    supply()
    expect(await gain()).toMatchObject({ grantedAtIsGuess: true })
    const stated = [bench.clock.now() - 3 * DAY, bench.clock.now() - 2 * DAY]
    for (const grantedAt of stated) {
      supply(TOKEN, { granted_at: new Date(grantedAt).toISOString() })
      expect(await gain()).toMatchObject({ grantedAt, grantedAtIsGuess: false })
      expect(Date.parse(bench.small.text(OWN).granted_at ?? '')).toBe(grantedAt)
      expect(own()?.metadata.annotations?.[CONSENT_IS_GUESS]).toBeUndefined()
    }
    expect(bench.asked.filter(({ what }) => what === 'refresh')).toHaveLength(1)
  })

  test('keeps the time of consent that it has if a change of its Secret states none', async () => {
    supply(TOKEN, { granted_at: '2026-11-20T10:00:00Z' })
    await gain()
    for (const more of [{ note: 'x' }, { granted_at: '2026-11-20T10:00:00Z' }] as Record<string, string>[]) {
      supply(TOKEN, more)
      expect(await gain()).toMatchObject({ grantedAt: Date.parse('2026-11-20T10:00:00Z'), grantedAtIsGuess: false })
    }
    expect(bench.small.writes).toHaveLength(1)
  })

  test('whose Secrets are as they were is not read again', async () => {
    supply()
    await gain()
    const reads: string[] = []
    bench.small.refuseRead = (name) => void reads.push(name)
    await gain()
    // Our own Secret is as we wrote it.
    expect(reads).toEqual([])
  })
})

describe('the Secret under the grant’s name', () => {
  test.each([
    ['somebody else’s', {}],
    ['another Agent’s', marksOf({ metadata: { name: 'bob' } }, 'grant')],
    [
      'controlled by an Agent',
      { ...marksOf(signedIn, 'grant'), ownerReferences: withController([], anAgent({}, 'bob')) },
    ],
    ['of 0.1.0, but of another account', { labels: MANAGED_BY }],
  ])('is left alone if it is %s, and looked at again in five minutes', async (_, metadata) => {
    supply()
    const before = bench.small.secret(OWN, { ...stored, account: 'bob@example.com' }, metadata)
    const result = await gain()
    const requeue = { kind: 'blocked', at: bench.clock.monotonic() + 5 * 60_000 }
    expect(result).toMatchObject({ condition: 'Authorized', reason: 'GrantConflict', requeue })
    expect(own()).toEqual(before)
    expect(bench.asked).toEqual([])
  })

  test('is not overwritten if somebody creates it while Google is asked', async () => {
    supply()
    const client = bench.client
    const meanwhile: typeof client = {
      ...client,
      calendar: (...which) => {
        bench.small.secret(OWN, { theirs: 'x' })
        return client.calendar(...which)
      },
    }
    await expect(bench.gain(false, meanwhile)).rejects.toMatchObject({ failure: 'Conflict' })
    expect(bench.small.text(OWN)).toEqual({ theirs: 'x' })
    expect(reasonOf(await gain())).toBe('GrantConflict')
    expect(bench.small.text(OWN)).toEqual({ theirs: 'x' })
  })

  test('is not overwritten if somebody changes it in the meantime', async () => {
    supply()
    await gain()
    await bench.clock.advance(50 * 60_000)
    bench.small.meanwhile = [() => bench.small.secret(OWN, { theirs: 'x' })]
    await expect(gain()).rejects.toMatchObject({ failure: 'Conflict' })
    expect(bench.small.text(OWN)).toEqual({ theirs: 'x' })
  })

  test('gets missing labels and annotations back, its data unchanged', async () => {
    bench = new Bench(signedIn)
    bench.small.secret(OWN, { ...stored, theirs: 'x' }, { labels: marksOf(signedIn, 'grant').labels })
    bench.refuses = { refresh: 'Unreachable' }
    await gain()
    expect(own()?.metadata.annotations).toMatchObject(marksOf(signedIn, 'grant').annotations)
    expect(bench.small.text(OWN)).toMatchObject({ ...stored, theirs: 'x' })
  })

  test('does not lose a date of consent that our own clock contradicts', async () => {
    bench = new Bench(signedIn)
    const granted_at = '2026-11-24T10:00:00Z'
    const consent = '{"detail":"Busy","accessToken":false,"write":false,"calendars":["primary"]}'
    bench.small.secret(OWN, { ...stored, granted_at, consent }, marksOf(signedIn, 'grant'))
    expect(await gain()).toMatchObject({ grantedAt: bench.clock.now(), grantedAtIsGuess: true })
    expect(bench.small.text(OWN)).toMatchObject({ granted_at })
    expect(own()?.metadata.annotations?.[CONSENT_IS_GUESS]).toBeUndefined()
  })
})
