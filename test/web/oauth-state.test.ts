import { CompactEncrypt, UnsecuredJWT } from 'jose'
import { describe, expect, test } from 'vitest'
import type { Key } from '../../src/web/key-ring.ts'
import { openState, sealState, STATE_LIFETIME_MS, type OAuthState } from '../../src/web/oauth-state.ts'

const keyOf = (seed: number): Key => ({
  id: String(seed),
  link: Buffer.alloc(32, seed + 1),
  state: Buffer.alloc(32, seed),
  form: Buffer.alloc(32, seed + 2),
  channel: Buffer.alloc(32, seed + 3),
  notified: Buffer.alloc(32, seed + 4),
})

const NOW = Date.parse('2026-11-23T10:00:00Z')
const ours = keyOf(1)
const before = keyOf(11)
const state: OAuthState = {
  id: 'id',
  uid: '6f1c2d3e-4b5a-4c6d-8e7f-90a1b2c3d4e5',
  mode: 'Redirect',
  browser: 'hash',
  clientId: 'client',
  verifier: 'the-verifier',
  shown: { detail: 'Busy', accessToken: false, write: false, calendars: ['primary'] },
  expiresAt: NOW + STATE_LIFETIME_MS,
}

describe('a state', () => {
  test('comes back as it went, also after the keys have changed', async () => {
    expect(await openState(await sealState(state, ours), [ours], NOW)).toEqual(state)
    expect(await openState(await sealState(state, before), [ours, before], NOW)).toEqual(state)
  })

  test('tells nobody what it holds, and is another each time', async () => {
    const sealed = await sealState(state, ours)
    const readable = sealed.split('.').map((part) => Buffer.from(part, 'base64url').toString('latin1'))
    for (const secret of ['the-verifier', state.uid, 'client']) expect(readable.join(' ')).not.toContain(secret)
    expect(await sealState(state, ours)).not.toBe(sealed)
  })

  test('ends after ten minutes, to the millisecond', async () => {
    const sealed = await sealState(state, ours)
    expect(await openState(sealed, [ours], NOW + 10 * 60_000 - 1)).toEqual(state)
    expect(await openState(sealed, [ours], NOW + 10 * 60_000)).toBeUndefined()
  })

  test.each([
    ['a minute ahead of ours is good', 60_000, true],
    ['that was wrong, and put right since, is over', 60_001, false],
  ])('sealed by a clock %s', async (_, aheadMs, isGood) => {
    const sealed = await sealState({ ...state, expiresAt: state.expiresAt + aheadMs }, ours)
    expect((await openState(sealed, [ours], NOW)) !== undefined).toBe(isGood)
  })

  test('of 0.1.0, which does not record what the page showed, is invalid', async () => {
    const header = { alg: 'dir', enc: 'A256GCM', kid: ours.id } as const
    const old = { ...state, shown: undefined }
    const sealed = await new CompactEncrypt(Buffer.from(JSON.stringify(old)))
      .setProtectedHeader(header)
      .encrypt(ours.state)
    expect(await openState(sealed, [ours], NOW)).toBeUndefined()
  })

  test('of other keys is invalid', async () => {
    expect(await openState(await sealState(state, before), [ours], NOW)).toBeUndefined()
    expect(await openState(await sealState(state, ours), [], NOW)).toBeUndefined()
  })

  test('with any character changed is invalid', async () => {
    const sealed = await sealState(state, ours)
    for (let at = 0; at < sealed.length; at += 7) {
      const other = sealed[at] === 'A' ? 'B' : 'A'
      const changed = sealed.slice(0, at) + other + sealed.slice(at + 1)
      expect(await openState(changed, [ours], NOW), `at ${at}`).toBeUndefined()
    }
  })

  test('sealed in another way is invalid, even with our key', async () => {
    const plain = Buffer.from(JSON.stringify(state))
    const short = ours.state.subarray(0, 16)
    const others = [
      new UnsecuredJWT({ ...state }).encode(),
      await new CompactEncrypt(plain).setProtectedHeader({ alg: 'dir', enc: 'A128GCM' }).encrypt(short),
      await new CompactEncrypt(plain).setProtectedHeader({ alg: 'A256KW', enc: 'A256GCM' }).encrypt(ours.state),
      await new CompactEncrypt(plain).setProtectedHeader({ alg: 'dir', enc: 'A128CBC-HS256' }).encrypt(ours.state),
    ]
    for (const other of others) expect(await openState(other, [ours], NOW)).toBeUndefined()
  })

  test.each(['', '.', '....', 'a.b.c.d.e', 'x'.repeat(100_000), '\u0000', 'eyJhbGciOiJub25lIn0..'])(
    'is not %j',
    async (text) => expect(await openState(text, [ours], NOW)).toBeUndefined(),
  )

  test('fits into an address', async () => {
    const long = { ...state, clientId: 'c'.repeat(100), verifier: 'v'.repeat(128) }
    expect((await sealState(long, ours)).length).toBeLessThan(1_000)
  })
})
