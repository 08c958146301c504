/** Writes a run of the demo into the documentation: all of it into docs/demo.md, an excerpt into README.md. Pure. */

const START = '<!-- demo:start -->'
const END = '<!-- demo:end -->'

/** Returns the document with this output between its two markers. @throws Error if a marker is missing. */
export function withOutput(document: string, output: string): string {
  const from = document.indexOf(START)
  const to = document.indexOf(END)
  if (from < 0 || to < from) throw new Error(`expected the markers ${START} and ${END} in this order`)
  return `${document.slice(0, from + START.length)}\n\`\`\`text\n${output.trimEnd()}\n\`\`\`\n${document.slice(to)}`
}

/** Returns what `withOutput` put between the two markers of a document. */
export function outputIn(document: string): string {
  const [, output = ''] = new RegExp(`${START}\n\`\`\`text\n([^]*?)\n\`\`\`\n${END}`).exec(document) ?? []
  return output
}

/** Shortens the output of a run: the first and the last line, the first step in full, and the headings of the others. */
export function excerptOf(output: string): string {
  const firstLine = (text: string): string => text.split('\n', 1)[0] ?? ''
  const [title = '', firstStep = '', ...steps] = output.trimEnd().split(/\n+(?=\d+\. )/)
  const headings = steps.map((step) => `${firstLine(step)} …`)
  const last = output.trimEnd().split('\n').at(-1) ?? ''
  return [firstLine(title), firstStep.trimEnd(), headings.join('\n'), last].join('\n\n')
}
