import { describe, expect, test } from 'vitest'
import { bodyOf } from '../../src/web/request-body.ts'

describe('a body', () => {
  const post = (body: string, headers = {}): Request =>
    new Request('http://localhost/', { method: 'POST', body, headers })

  test('is read up to a limit', async () => {
    expect(await bodyOf(post('äb'), 3)).toBe('äb')
    expect(await bodyOf(post('äb'), 2)).toBeUndefined()
  })

  test('is not read if its header says that it is too long', async () => {
    expect(await bodyOf(post('a', { 'content-length': '100' }), 3)).toBeUndefined()
  })
})
