/** The demo's output, as the README shows it. Pure. */

const START = '<!-- demo:start -->'
const END = '<!-- demo:end -->'

/** The document with this output between its two markers. Fails where it has none. */
export function withOutput(document: string, output: string): string {
  const from = document.indexOf(START)
  const to = document.indexOf(END)
  if (from < 0 || to < from) throw new Error(`expected the markers ${START} and ${END} in this order`)
  return `${document.slice(0, from + START.length)}\n\`\`\`text\n${output.trimEnd()}\n\`\`\`\n${document.slice(to)}`
}
