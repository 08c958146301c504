/** Writes a run of the demo into the documentation: all of it into docs/demo.md, an excerpt into README.md. Pure. */

const START = '<!-- demo:start -->'
const END = '<!-- demo:end -->'

/** The steps that README.md shows in full. Of the others it shows the headings. */
const STEPS_IN_EXCERPT = ['1', '3']

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

/** Shortens the output of a run: the first and the last line, some steps in full, and the headings of the others. */
export function excerptOf(output: string): string {
  const [title = '', ...steps] = output.trimEnd().split(/\n+(?=\d+\. )/)
  const last = output.trimEnd().split('\n').at(-1) ?? ''
  let text = title.split('\n', 1)[0] ?? ''
  let wasFull = true
  for (const step of steps) {
    const isFull = STEPS_IN_EXCERPT.some((number) => step.startsWith(`${number}. `))
    text += (isFull || wasFull ? '\n\n' : '\n') + (isFull ? step.trimEnd() : `${step.split('\n', 1)[0] ?? ''} …`)
    wasFull = isFull
  }
  return `${text}\n\n${last}`
}
