/**
 * Takes out of a text what must never be logged or shown: tokens, secrets, codes and e-mail addresses. Pure. It is the last
 * line of defence: whoever writes a message takes care not to put such things there in the first place.
 */
const SECRETS: [RegExp, string][] = [
  [/\bya29\.[\w.-]+/g, '[access token]'],
  [/\b1\/\/[\w-]+/g, '[refresh token]'],
  [/\bGOCSPX-[\w-]+/g, '[client secret]'],
  [/\b(Bearer|Basic)\s+[\w.~+/=-]+/gi, '$1 [redacted]'],
  [/\beyJ[\w-]+\.[\w-]+\.[\w-]*/g, '[JWT]'],
  [
    /\b((?:access_|refresh_|id_)?token|code|state|client_secret|code_verifier)(["']?\s*[=:]\s*["']?)[^\s"'&,;}]+/gi,
    '$1$2[redacted]',
  ],
  [/[\w.%+-]+(?:@|%40)[\w-]+(?:\.[\w-]+)+/g, '[e-mail address]'],
]

export const scrub = (text: string): string =>
  SECRETS.reduce((scrubbed, [pattern, replacement]) => scrubbed.replace(pattern, replacement), text)
