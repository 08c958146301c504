import { describe, expect, test } from 'vitest'
import { securityHeaders } from '../../src/web/security-headers.ts'

const accountsURL = 'https://accounts.google.com'
const policyOf = (leads?: Parameters<typeof securityHeaders>[0]): string =>
  securityHeaders(leads)['content-security-policy'] ?? ''
const directive = (policy: string, name: string): string =>
  policy
    .split('; ')
    .find((one) => one.startsWith(`${name} `))
    ?.slice(name.length + 1) ?? ''

describe('the policy', () => {
  test.each([
    ['a page that leads nowhere', undefined],
    ['the redirect', { accountsURL, popup: false }],
    ['the popup', { accountsURL, popup: true }],
  ])('of %s lets nothing in line, no wildcard and no scheme but our pictures’', (_, leads) => {
    const policy = policyOf(leads)
    expect(policy).not.toMatch(/unsafe|\*|https?:(?!\/\/accounts\.google\.com)/)
    expect(directive(policy, 'default-src')).toBe("'none'")
    expect(directive(policy, 'base-uri')).toBe("'none'")
    expect(directive(policy, 'frame-ancestors')).toBe("'none'")
    expect(directive(policy, 'img-src')).toBe("'self' data:")
  })

  test('knows Google only where a page is led there', () => {
    expect(policyOf()).not.toContain('google')
    expect(directive(policyOf(), 'form-action')).toBe("'self'")
  })

  test('lets a form of the redirect end at Google, and no script of Google’s in', () => {
    const policy = policyOf({ accountsURL, popup: false })
    expect(directive(policy, 'form-action')).toBe(`'self' ${accountsURL}`)
    expect(directive(policy, 'script-src')).toBe("'self'")
    expect(directive(policy, 'frame-src')).toBe("'none'")
  })

  test('lets in the one script of Google’s that the popup needs', () => {
    const policy = policyOf({ accountsURL, popup: true })
    expect(directive(policy, 'script-src')).toBe(`'self' ${accountsURL}/gsi/client`)
    expect(directive(policy, 'frame-src')).toBe(`${accountsURL}/gsi/`)
  })
})

test('only the popup’s page may keep a hold of the window that it opens', () => {
  const opener = (popup: boolean): unknown => securityHeaders({ accountsURL, popup })['cross-origin-opener-policy']
  expect([opener(false), opener(true)]).toEqual(['same-origin', 'same-origin-allow-popups'])
})
