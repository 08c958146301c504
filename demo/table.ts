/** Formats tables of the Kubernetes API as `kubectl get` does. Pure. */

/** The API's answer to `Accept: application/json;as=Table;g=meta.k8s.io;v=v1`. */
export interface Table {
  columnDefinitions: readonly { name: string; priority: number }[]
  rows: readonly { cells: readonly unknown[] }[]
}

/** How to show a table. */
export interface TableOptions {
  /** Whether to show the columns of `-o wide`. */
  wide?: boolean
  /** The width in characters. What does not fit into the last column goes below its row. */
  width?: number
}

const GAP = '   '
/** A last column with less room than this is hard to read. */
const LEAST_ROOM = 40
const BELOW = '  └ '

/** Returns the lines of a table: the heading, and then the rows. */
export function formatTable(table: Table, { wide = false, width = 120 }: TableOptions = {}): string[] {
  const shown = table.columnDefinitions.flatMap(({ priority }, index) => (wide || priority === 0 ? [index] : []))
  const heading = shown.map((index) => (table.columnDefinitions[index]?.name ?? '').toUpperCase())
  const rows = table.rows.map(({ cells }) => shown.map((index) => textOf(cells[index])))
  const last = shown.length - 1
  const left = [heading, ...rows].map((cells) => cells.slice(0, last))
  const widths = heading.slice(0, last).map((_, column) => longest(left.map((cells) => cells[column])))
  const indent = widths.reduce((sum, one) => sum + one + GAP.length, 0)
  const room = width - indent
  const start = (cells: string[]): string => widths.map((one, column) => pad(cells[column], one) + GAP).join('')
  if (longest(rows.map((cells) => cells[last])) > room && room < LEAST_ROOM) {
    const below = (cells: string[]): string[] => [start(cells), ...under(cells[last] ?? '', BELOW, width)]
    return [heading, ...rows].flatMap(below).map((line) => line.trimEnd())
  }
  return [heading, ...rows]
    .flatMap((cells) => under(cells[last] ?? '', start(cells), width))
    .map((line) => line.trimEnd())
}

/** The text of a cell as `kubectl` shows it: nothing for null, and the first line of a text. */
function textOf(cell: unknown): string {
  if (cell === null || cell === undefined) return ''
  return (typeof cell === 'string' ? cell : JSON.stringify(cell)).split('\n', 1)[0] ?? ''
}

const longest = (texts: (string | undefined)[]): number => Math.max(0, ...texts.map((text) => text?.length ?? 0))

const pad = (text = '', width: number): string => text.padEnd(width)

/** Puts a text behind a prefix and indents its further lines as far. */
function under(text: string, first: string, width: number): string[] {
  const [head = '', ...rest] = wrap(text, width - first.length)
  return [first + head, ...rest.map((line) => ' '.repeat(first.length) + line)]
}

/** Breaks a text at spaces into lines of at most so many characters. A longer word has its own line. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line]
}
