/** The headers of every answer. The policy allows what the pages use and nothing else. Pure. */

/** The sign-in page is led to Google by a form or by Google's script; no other page is led anywhere. */
export interface CspOptions {
  accountsURL: string
  popup: boolean
}

/** https://developers.google.com/identity/oauth2/web/guides/use-code-model: what Google's script needs of a policy. */
function contentSecurityPolicy(leads: CspOptions | undefined): string {
  const gsi = leads?.popup ? ` ${leads.accountsURL}/gsi/client` : ''
  const google = leads?.popup ? ` ${leads.accountsURL}/gsi/` : ''
  return [
    "default-src 'none'",
    `script-src 'self'${gsi}`,
    `style-src 'self'${leads?.popup ? ` ${leads.accountsURL}/gsi/style` : ''}`,
    "img-src 'self' data:",
    `connect-src 'self'${google}`,
    `frame-src ${google.trim() || "'none'"}`,
    `form-action 'self'${leads ? ` ${leads.accountsURL}` : ''}`,
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
}

export const securityHeaders = (leads?: CspOptions): Record<string, string> => ({
  'content-security-policy': contentSecurityPolicy(leads),
  // Browsers obey it over TLS only.
  'strict-transport-security': 'max-age=31536000',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
  'cross-origin-resource-policy': 'same-origin',
  // Google's window has to find its way back to the page that opened it.
  'cross-origin-opener-policy': leads?.popup ? 'same-origin-allow-popups' : 'same-origin',
  'cache-control': 'no-store',
  vary: 'Accept-Language',
})
