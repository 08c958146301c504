/**
 * Output of kubectl without what differs from run to run: ages, times, versions, ids, link codes, and the widths of columns that
 * depend on them.
 */

const INSTANT = /\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z/g
/** The age of an Event, or of the last of a series: `3s`, `3s (x2 over 5m)`. */
const EVENT_AGE = /^( +\S+ +\S+ +)\S+(?:( \(x\d+ over )\S+\))? +(?=calendar-operator)/
const AGE = /^(\d+[dhms])+$|^<invalid>$/

/** A table with its columns aligned again. */
export function tableOf(output: string): string {
  const tables = output.trimEnd().split('\n\n')
  return `${tables.map(laidOut).join('\n\n')}\n`
}

function laidOut(table: string): string {
  const lines = table.split('\n')
  // A column begins where the header has two spaces before a word. Cells may contain spaces.
  const starts = [...(lines[0] ?? '').matchAll(/(?:^|(?<= {2}))\S/g)].map(({ index }) => index)
  const rows = lines.map((line) => starts.map((start, column) => plain(line.slice(start, starts[column + 1]).trim())))
  const widths = starts.map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)))
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('   ')
        .trimEnd(),
    )
    .join('\n')
}

const plain = (cell: string): string => (AGE.test(cell) ? '<age>' : textOf(cell))

/** Running text, such as `kubectl describe` prints. */
export function textOf(output: string): string {
  return output
    .replace(INSTANT, '<time>')
    .replace(/booking-\d+/g, 'booking')
    .replace(/(\/sign-in\/)[\w-]{43}/g, '$1<code>')
    .replace(/\d+-[a-z0-9_-]+\.apps\.googleusercontent\.com/g, '<client id>')
    .replace(/(UID: +)\S+/g, '$1<uid>')
    .replace(/(Resource Version: +)\d+/g, '$1<version>')
    .replace(/(Credentials Hash: +)\w+/g, '$1<hash>')
    .replace(/(Observed E Tag: +)\S+/g, '$1<tag>')
    .replace(/(Id: +|\?eid=)[a-v0-9]{26}$/gm, '$1<id>')
}

/** The lines above the first Event: the title, and a head of two lines. */
const HEAD_LINES = 3

/**
 * The output of `kubectl describe`, whose Events have a column of ages. They are put in the order of their texts, since kubectl
 * orders them by the second in which they were seen last.
 */
export function descriptionOf(output: string): string {
  const [object = '', events = ''] = output.split(/^(?=Events:)/m)
  const said = events
    .split(/(?<=\n)/)
    .map((line) =>
      textOf(line).replace(
        EVENT_AGE,
        (_, start: string, count?: string) => `${start}<age>${count ? `${count}<age>)` : ''}  `,
      ),
    )
    .map((line) => line.replace(/(?<=\S) {2,}/g, '  '))
  return textOf(object) + [...said.slice(0, HEAD_LINES), ...said.slice(HEAD_LINES).sort()].join('')
}
