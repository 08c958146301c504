/** The frame of the sandbox's pages. */
import type { Reply } from './errors.ts'

/** Escapes text for HTML, including attribute values. */
export const escape = (text: string): string => text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`)

const STYLE = `
:root { color-scheme: light dark; --line: #8883; --blue: #1a73e8 }
* { box-sizing: border-box }
body { font: 15px/1.5 system-ui, sans-serif; margin: 0; padding: 2rem 1rem }
main { max-width: 60rem; margin: auto } main.narrow { max-width: 27rem; border: 1px solid var(--line); border-radius: 12px; padding: 2rem }
h1 { font-size: 1.5rem; font-weight: 500; margin: 0 0 .5rem } h2 { font-size: 1.1rem; font-weight: 600; margin: 2rem 0 .5rem } h3 { font-size: 1rem; margin: 1rem 0 .25rem }
p { margin: .5rem 0 } .quiet { opacity: .65; font-size: .9em } .code { font-family: ui-monospace, monospace; font-size: .85em; word-break: break-all }
section { border: 1px solid var(--line); border-radius: 12px; padding: 1rem 1.25rem; margin: 1rem 0 } section h2 { margin-top: 0 }
table { border-collapse: collapse; width: 100% } td, th { text-align: left; padding: .3rem .6rem .3rem 0; border-top: 1px solid var(--line); vertical-align: top; font-weight: normal }
form { display: inline } label { display: block; margin: .6rem 0 } input, select, button { font: inherit; padding: .35rem .6rem; border: 1px solid var(--line); border-radius: 8px }
label input[type=checkbox] { margin-right: .5rem } select { width: 100% } button { cursor: pointer } button.main { background: var(--blue); border-color: var(--blue); color: #fff }
.row { display: flex; gap: .5rem; flex-wrap: wrap; margin-top: .75rem; align-items: center } .end { justify-content: flex-end; margin-top: 1.5rem }
`

/** Makes a page. */
export function page(title: string, main: string, options: { narrow?: boolean; status?: number } = {}): Reply {
  const body = `<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escape(title)}</title><style>${STYLE}</style></head><body><main${options.narrow ? ' class="narrow"' : ''}>${main}</main></body></html>`
  const headers = { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' }
  return { status: options.status ?? 200, headers, body }
}
