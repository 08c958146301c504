/**
 * Makes texts safe to show. Pure. `scrub` removes what must never be logged or shown: tokens, secrets, codes and e-mail addresses. It
 * is the last line of defence: messages must not contain such things in the first place. `clean` is for every foreign value: the
 * result is not too long for a status and contains no control sequences for a terminal.
 *
 * Each pattern is bounded, so that the time is proportional to the length of the text.
 */
const SECRETS: readonly [RegExp, string][] = [
  // Tokens and secrets that Google issues, by their prefixes.
  [/ya29(?:\.|%2E)[\w.%-]+/gi, '[access token]'],
  [/1(?:\/\/|%2F%2F)[\w-]{10,}/gi, '[refresh token]'],
  [/\b4(?:\/|%2F)[\w-]{10,}/gi, '[code]'],
  [/GOCSPX-[\w-]+/g, '[client secret]'],
  // Service-account tokens of Kubernetes, and Google's ID tokens.
  [/eyJ[\w-]{5,300}\.[\w-]{1,8192}(?:\.[\w-]{0,4096})?/g, '[JWT]'],
  [/\b(Bearer|Basic)(\s+|%20|\+)[\w.~+/=%-]+/gi, '$1$2[redacted]'],
  // name=value, "name": "value", name: value; names that are ordinary words only in URLs and forms.
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

/** Replaces tokens, secrets, codes and e-mail addresses in a text. */
export const scrub = (text: string): string =>
  SECRETS.reduce((scrubbed, [pattern, replacement]) => scrubbed.replace(pattern, replacement), text)

/** Characters that move the cursor, colour the screen, or change the writing direction; also unpaired surrogates. */
const HARMFUL =
  /[\p{Cc}\p{Cs}\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu
/** Line breaks. */
const BREAKS = /\r\n|[\t\n\v\f\r\u0085\u2028\u2029]/g
const REPLACEMENT = '\ufffd'

/** Cleans a text of several lines of characters that could mislead a terminal or a reader; tabs and line feeds stay. */
export const cleanLines = (text: string): string => text.replace(/[^\n\t]+/g, harmless)

/**
 * Turns a foreign value into one line of at most `max` UTF-16 units, including the ellipsis that marks a truncation, for a status, an
 * Event, a log or a terminal. It is idempotent.
 *
 * @param ellipsis marks a truncation; empty if the value is compared with other truncated values.
 */
export function clean(text: string, max: number, ellipsis = '…'): string {
  // The rest need not be processed; one more unit shows that there was a rest.
  const shown = harmless(text.slice(0, max + 1))
  if (text.length <= max) return shown
  const kept = shown.slice(0, Math.max(max - ellipsis.length, 0))
  // Never end with the first half of a surrogate pair.
  return `${kept.replace(/[\ud800-\udbff]$/, '')}${ellipsis.slice(0, max)}`
}

const harmless = (text: string): string => text.replace(BREAKS, ' ').replace(HARMFUL, REPLACEMENT)
