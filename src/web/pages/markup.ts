/** Escaping HTML templates: the only way in which the pages create HTML. */
import { html } from 'hono/html'
import type { HtmlEscapedString } from 'hono/utils/html'

/** HTML that needs no more escaping. */
export type Html = HtmlEscapedString

/** Hono's `html`, for values that are not promises (with a promise among them, the result would be one). */
export function markup(strings: TemplateStringsArray, ...values: unknown[]): Html {
  const made = html(strings, ...values)
  if (made instanceof Promise) throw new TypeError('a page must not contain promises')
  return made
}

/** Fills the `{name}` placeholders of a text. Text and string values are escaped; markup is not. */
export function fill(text: string, values: Readonly<Record<string, Html | string>>): Html {
  const parts = text.split(/\{(\w+)\}/)
  return markup`${parts.map((part, index) => (index % 2 === 0 ? part : (values[part] ?? `{${part}}`)))}`
}

/** Isolates a foreign text (a host, a name, an address), which may have the opposite writing direction. */
export const isolated = (text: string): Html => markup`<bdi>${text}</bdi>`
