/** The Secret that a user supplies: messages name what is missing, and a grant from it outlives it. */
import { beforeEach, describe, expect, test } from 'vitest'
import { isStepFailure, type StepFailure } from '../../src/failures/step-failure.ts'
import type { Grant } from '../../src/grants/grant.ts'
import { ApiError } from '../../src/kubernetes/port.ts'
import { marksOf } from '../../src/resources/ownership.ts'
import { Bench } from '../support/agent-bench.ts'

const TOKEN = '1//0gAlice'

let bench: Bench

beforeEach(() => {
  bench = new Bench()
})

const gain = (): Promise<Grant | StepFailure> => bench.gain()
const reasonOf = (result: Grant | StepFailure): string => (isStepFailure(result) ? result.reason : 'Granted')
const messageOf = (result: Grant | StepFailure): string => (isStepFailure(result) ? result.message : '')
const kept = (): string | undefined => bench.small.text('alice-google-grant').refresh_token
const supply = (token = TOKEN): void => void bench.small.secret('alice-grant', { refresh_token: token })

describe('a supplied Secret', () => {
  const missing = (): boolean => bench.small.objects.delete('Secret/booking/alice-grant')
  const inAnHour = { kind: 'wait', for: 60 * 60_000 }

  test('that does not exist is waited for', async () => {
    const result = await gain()
    expect(result).toMatchObject({ condition: 'Authorized', reason: 'GrantSecretNotFound', requeue: inAnHour })
    expect(messageOf(result)).toContain('no Secret alice-grant in namespace booking')
  })

  test.each<Record<string, string>>([{}, { refresh_token: '' }, { refresh_token: ' \n' }])(
    'with the values %j lacks the key',
    async (values) => {
      bench.small.secret('alice-grant', values)
      const result = await gain()
      expect(result).toMatchObject({ condition: 'Authorized', reason: 'GrantSecretKeyMissing', requeue: inAnHour })
      expect(messageOf(result)).toContain('has no key refresh_token')
      expect(bench.asked).toEqual([])
    },
  )

  test('without data lacks the key, too', async () => {
    supply()
    delete bench.small.get('Secret', 'alice-grant')!.data
    expect(reasonOf(await gain())).toBe('GrantSecretKeyMissing')
  })

  test('that is deleted before it can be read lacks the key for now', async () => {
    supply()
    bench.small.refuseRead = (name) => (name === 'alice-grant' && missing(), undefined)
    expect(reasonOf(await gain())).toBe('GrantSecretKeyMissing')
    expect(reasonOf(await gain())).toBe('GrantSecretNotFound')
  })

  test('that was read before is not read again after a restart', async () => {
    supply()
    await gain()
    const read: string[] = []
    bench.small.refuseRead = (name) => void read.push(name)
    bench.forget()
    expect(reasonOf(await gain())).toBe('Granted')
    expect(read).toEqual(['alice-google-grant'])
  })

  test('that has changed since is read again after a restart', async () => {
    supply()
    await gain()
    supply('1//0gOther')
    bench.forget()
    expect(await gain()).toMatchObject({ refreshToken: '1//0gOther' })
  })

  test('in which something had to be corrected is read again after a restart, so that this is still said', async () => {
    supply(` ${TOKEN} `)
    await gain()
    const remark = bench.known.suppliedRemark
    bench.forget()
    await gain()
    expect(remark).toContain('refresh_token: white space')
    expect(bench.known.suppliedRemark).toBe(remark)
  })

  test('that cannot hold a token is looked at again in five minutes', async () => {
    supply('ya29.something-secret')
    const requeue = { kind: 'blocked', at: bench.clock.monotonic() + 5 * 60_000 }
    expect(await gain()).toMatchObject({ reason: 'GrantSecretInvalid', requeue })
  })

  test('that Google rotated is not lost if an empty Secret appears under the grant’s name', async () => {
    supply()
    bench.rotatesTo = '1//0gRotated'
    bench.small.refuse = () => new ApiError('Forbidden', 'no')
    await gain()
    bench.rotatesTo = undefined
    bench.small.refuse = undefined
    bench.small.secret('alice-google-grant', {}, marksOf(bench.agent, 'grant'))
    expect(await gain()).toMatchObject({ refreshToken: '1//0gRotated' })
    expect(kept()).toBe('1//0gRotated')
  })

  test.each([
    ['is gone for a while', missing],
    ['is broken for a while', () => supply('ya29.x')],
  ])('that %s does not end the grant that began with it', async (_, harm) => {
    supply()
    bench.rotatesTo = '1//0gRotated'
    await gain()
    harm()
    expect(isStepFailure(await gain())).toBe(true)
    expect(bench.known.grant).toMatchObject({ refreshToken: '1//0gRotated' })
    expect(kept()).toBe('1//0gRotated')
    supply()
    expect(await gain()).toMatchObject({ refreshToken: '1//0gRotated' })
    expect(bench.asked.filter(({ what }) => what === 'refresh')).toHaveLength(1)
  })
})
