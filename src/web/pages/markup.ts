/** HTML that escapes whatever is put into it: the only way in which these pages make any. */
import { html } from 'hono/html'
import type { HtmlEscapedString } from 'hono/utils/html'

export type Html = HtmlEscapedString

/** Hono's `html`, for values that are all there already (with a promise among them its answer would be one). */
export function markup(strings: TemplateStringsArray, ...values: unknown[]): Html {
  const made = html(strings, ...values)
  if (made instanceof Promise) throw new TypeError('a page is made of what is known already, not of promises')
  return made
}

/** Text with `{name}` placeholders, filled; text and string values are escaped, markup stays markup. */
export function fill(text: string, values: Readonly<Record<string, Html | string>>): Html {
  const parts = text.split(/\{(\w+)\}/)
  return markup`${parts.map((part, index) => (index % 2 === 0 ? part : (values[part] ?? `{${part}}`)))}`
}

/** Text of others (a host, a name, an address), which may run in the other direction than the page. */
export const isolated = (text: string): Html => markup`<bdi>${text}</bdi>`
