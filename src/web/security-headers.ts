/** The security headers of every response. The content security policy allows only what the pages use. Pure. */

/** What the sign-in page needs of Google: a form's target (redirect) or Google's script (popup). Other pages need neither. */
interface CspOptions {
  accountsURL: string
  popup: boolean
}

/** Source: https://developers.google.com/identity/oauth2/web/guides/use-code-model, for what Google's script needs. */
function contentSecurityPolicy(options: CspOptions | undefined): string {
  const gsi = options?.popup ? ` ${options.accountsURL}/gsi/client` : ''
  const google = options?.popup ? ` ${options.accountsURL}/gsi/` : ''
  return [
    "default-src 'none'",
    `script-src 'self'${gsi}`,
    `style-src 'self'${options?.popup ? ` ${options.accountsURL}/gsi/style` : ''}`,
    "img-src 'self' data:",
    `connect-src 'self'${google}`,
    `frame-src ${google.trim() || "'none'"}`,
    `form-action 'self'${options ? ` ${options.accountsURL}` : ''}`,
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
}

/** The headers of a response; `options` only for the sign-in page. */
export const securityHeaders = (options?: CspOptions): Record<string, string> => ({
  'content-security-policy': contentSecurityPolicy(options),
  // Browsers ignore it without TLS.
  'strict-transport-security': 'max-age=31536000',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
  'cross-origin-resource-policy': 'same-origin',
  // Google's window must be able to reach the page that opened it.
  'cross-origin-opener-policy': options?.popup ? 'same-origin-allow-popups' : 'same-origin',
  'cache-control': 'no-store',
  vary: 'Accept-Language',
})
