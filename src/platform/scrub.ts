/**
 * Texts made fit to be shown. Pure. `scrub` takes out what must never be logged or shown: tokens, secrets, codes and e-mail
 * addresses; it is the last line of defence, whoever writes a message takes care not to put such things there in the first
 * place. `clean` is for every value that is not ours: it can neither be too long for a status nor give orders to a terminal.
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

/** What moves the cursor, colours the screen, or turns the direction of writing; also halves of surrogate pairs. */
const HARMFUL =
  /[\p{Cc}\p{Cs}\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu
/** What breaks a line. */
const BREAKS = /\r\n|[\t\n\v\f\r\u0085\u2028\u2029]/g
const REPLACEMENT = '\ufffd'

/** A text of several lines, without what a terminal or a reader could be deceived by; tabs and line feeds stay. */
export const cleanLines = (text: string): string => text.replace(/[^\n\t]+/g, harmless)

/**
 * One line of at most `max` UTF-16 units, the ellipsis that marks a cut included: a value that is not ours, as it may stand in
 * a status, an Event, a log or a terminal. Cleaning twice is cleaning once.
 *
 * @param ellipsis what marks the cut; empty where the value is compared with others that are cut alike.
 */
export function clean(text: string, max: number, ellipsis = '…'): string {
  // What is cut off has to be neither read nor replaced; one unit more tells that there was more.
  const shown = harmless(text.slice(0, max + 1))
  if (text.length <= max) return shown
  const kept = shown.slice(0, Math.max(max - ellipsis.length, 0))
  // Never the first half of a pair.
  return `${kept.replace(/[\ud800-\udbff]$/, '')}${ellipsis.slice(0, max)}`
}

const harmless = (text: string): string => text.replace(BREAKS, ' ').replace(HARMFUL, REPLACEMENT)
