/** What the documentation shows of a run of the demo: docs/demo.md the whole of it, README.md an excerpt. Pure. */

const START = '<!-- demo:start -->'
const END = '<!-- demo:end -->'

/** The steps that README.md shows in full. Of the others it shows the headings. */
const STEPS_IN_EXCERPT = ['1', '3']

/** Returns the document with this output between its two markers. @throws where it lacks one of them. */
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
