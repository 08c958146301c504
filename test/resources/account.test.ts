import { describe, expect, it } from 'vitest'
import { sameAccount } from '../../src/resources/account.ts'

describe('the same account', () => {
  it.each([
    ['alice@example.com', 'alice@example.com', true],
    ['Alice@Example.COM', 'alice@example.com', true],
    [' alice@example.com\n', 'alice@example.com', true],
    ['alice@googlemail.com', 'Alice@gmail.com', true],
    ['alice@GoogleMail.com', 'alice@googlemail.com', true],
    ['alice@example.com', 'bob@example.com', false],
    ['alice@example.com', 'alice@example.org', false],
    // Only Gmail has two names; dots and tags are its own business, and others' accounts.
    ['alice@googlemail.example.com', 'alice@gmail.example.com', false],
    ['alice@notgooglemail.com', 'alice@notgmail.com', false],
    ['a.lice@gmail.com', 'alice@gmail.com', false],
    ['alice+x@gmail.com', 'alice@gmail.com', false],
  ])('%j and %j: %s', (a, b, same) => {
    expect(sameAccount(a, b)).toBe(same)
    expect(sameAccount(b, a)).toBe(same)
  })
})
