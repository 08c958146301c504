import { describe, expect, it } from 'vitest'
import { durationMs, formatDuration, parseDuration } from '../../src/resources/durations.ts'
import { grantSecretName, isManaged } from '../../src/resources/names.ts'
import { requestedAt } from '../../src/resources/reconcile-request.ts'
import { nearest } from '../../src/resources/suggestions.ts'

describe('a duration', () => {
  it.each([
    ['30s', 30_000],
    ['5m', 300_000],
    ['1h30m', 5_400_000],
    ['1h1m1s', 3_661_000],
    ['90s', 90_000],
    ['0s', 0],
    ['168h', 604_800_000],
    ['604800s', 604_800_000],
    ['010m', 600_000],
  ])('of %s is read', (text, ms) => {
    expect(durationMs(text)).toBe(ms)
  })

  it.each([
    '',
    '5',
    '1h30',
    'h',
    '1m1h',
    '1.5h',
    '-5m',
    '5M',
    ' 5m',
    '5m ',
    '5m\n',
    '1d',
    '1ms',
    '1000000h',
    '5m5m',
    '٣m',
  ])('is not what %j says', (text) => {
    expect(parseDuration(text)).toBeUndefined()
    expect(() => durationMs(text)).toThrow(JSON.stringify(text))
  })

  it.each([
    [0, '0s'],
    [400, '0s'],
    [59_600, '1m'],
    [90_000, '1m30s'],
    [3_600_000, '1h'],
    [5_400_000, '1h30m'],
    [90_000_000, '25h'],
  ])('of %d ms is written as %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text)
  })
})

describe('a name', () => {
  it('of the grant Secret comes from the agent', () => {
    expect(grantSecretName({ metadata: { name: 'alice' } })).toBe('alice-google-grant')
  })

  it('of the manager tells what is ours', () => {
    const labelled = (labels?: Record<string, string>): boolean => isManaged({ metadata: { labels } })
    expect(labelled({ 'app.kubernetes.io/managed-by': 'calendar-operator', other: 'x' })).toBe(true)
    expect(labelled({ 'app.kubernetes.io/managed-by': 'Helm' })).toBe(false)
    expect(labelled()).toBe(false)
  })
})

describe('a request to reconcile now', () => {
  const asked = (ours?: string, flux?: string): string | undefined =>
    requestedAt({
      metadata: {
        annotations: {
          ...(ours === undefined ? {} : { 'calendar-operator.io/requestedAt': ours }),
          ...(flux === undefined ? {} : { 'reconcile.fluxcd.io/requestedAt': flux }),
        },
      },
    })

  it.each([
    ['nobody asked', asked(), undefined],
    ['there are no annotations', requestedAt({ metadata: {} }), undefined],
    ['the value is empty', asked(''), undefined],
    ['we were asked', asked('now'), 'now'],
    ['the value is long', asked('x'.repeat(2_000)), 'x'.repeat(64)],
    ['the value gives orders to a terminal', asked('now\u001b[2J\u202e'), 'now\ufffd[2J\ufffd'],
    ['Flux was asked', asked(undefined, 'now'), 'now'],
    ['Flux was asked, and ours is empty', asked('', 'now'), 'now'],
    ['Flux was asked later', asked('2026-11-23T10:00:00Z', '2026-11-23T10:00:01.5Z'), '2026-11-23T10:00:01.5Z'],
    // As texts these would sort the other way round.
    [
      'ours was later, in another zone',
      asked('2026-11-23T10:30:00Z', '2026-11-23T11:00:00+01:00'),
      '2026-11-23T10:30:00Z',
    ],
    ['neither is a time', asked('b', 'a'), 'b'],
  ])('is what counts when %s', (_, value, expected) => {
    expect(value).toBe(expected)
  })
})

describe('what somebody meant', () => {
  const fields = ['name', 'account', 'displayName', 'calendars', 'busy']
  it.each([
    ['accounts', 'account'],
    ['displayname', 'displayName'],
    ['dispalyName', 'displayName'],
    ['calendar', 'calendars'],
    ['nam', 'name'],
    ['mail', undefined],
    ['free', undefined],
    ['', undefined],
    ['x'.repeat(10_000), undefined],
  ])('by %s', (written, meant) => {
    expect(nearest(written, fields)).toBe(meant)
  })
})
