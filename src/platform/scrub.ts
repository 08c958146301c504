/**
 * Takes out of a text what must never be logged or shown: tokens, secrets, codes and e-mail addresses. Pure. It is the last
 * line of defence: whoever writes a message takes care not to put such things there in the first place.
 *
 * Each pattern is bounded, so that a long text costs time in proportion to its length and no more.
 */
const SECRETS: readonly [RegExp, string][] = [
  // What Google issues, by its own prefixes.
  [/ya29(?:\.|%2E)[\w.%-]+/gi, '[access token]'],
  [/1(?:\/\/|%2F%2F)[\w-]{10,}/gi, '[refresh token]'],
  [/\b4(?:\/|%2F)[\w-]{10,}/gi, '[code]'],
  [/GOCSPX-[\w-]+/g, '[client secret]'],
  // Service-account tokens of Kubernetes, and Google's ID tokens.
  [/eyJ[\w-]{5,300}\.[\w-]{1,8192}(?:\.[\w-]{0,4096})?/g, '[JWT]'],
  [/\b(Bearer|Basic)(\s+|%20|\+)[\w.~+/=%-]+/gi, '$1$2[redacted]'],
  // name=value, "name": "value", name: value; for names that are ordinary words, in addresses and forms only.
  [
    /\b((?:access|refresh|id)_?token|client_?secret|code_?verifier|password)(\\?["']?\s{0,4}[=:]\s{0,4}\\?["']?)[^\s"'&,;}\\]+/gi,
    '$1$2[redacted]',
  ],
  [/([?&\s]|^)(code|state|token|key|sig)=[^\s"'&,;}]+/gi, '$1$2=[redacted]'],
  [
    /-----BEGIN [A-Z ]{1,40}PRIVATE KEY-----[\s\S]{0,16384}?(?:-----END [A-Z ]{1,40}PRIVATE KEY-----|$)/g,
    '[private key]',
  ],
  [/[\p{L}\p{N}_.%+'-]{1,64}(?:@|%40)[\p{L}\p{N}%-]{1,99}(?:\.[\p{L}\p{N}%-]{1,99})+/gu, '[e-mail address]'],
]

export const scrub = (text: string): string =>
  SECRETS.reduce((scrubbed, [pattern, replacement]) => scrubbed.replace(pattern, replacement), text)
