/**
 * Prints the demo: headings, commands, their output, and how many seconds a result took. Every wait has a limit: a result that
 * does not come is a `DemoFailure`.
 */
import { wrap } from './table.ts'

/** An expected result did not come. */
export class DemoFailure extends Error {
  override readonly name = 'DemoFailure'
}

/** A result that a step waits for. */
export interface Expectation<T> {
  /** The expected result, as the end of "expected within … s: …". */
  what: string
  /** Seconds. */
  within: number
  /** Returns the result; undefined or false if it is not there yet. */
  look: () => T | undefined | false | Promise<T | undefined | false>
  /** Describes what there is instead, for the failure. */
  found: () => string
}

const WIDTH = 120
const CHECK_INTERVAL_MS = 50
const STYLES = { bold: '1', dim: '2', red: '31', green: '32', yellow: '33', cyan: '36' }

/** What the narrator needs. */
interface NarratorDeps {
  write: (text: string) => void
  /** Whether the output is a terminal, where a line can be erased. */
  isTerminal: boolean
  colours: boolean
  /** @throws DemoFailure if waiting any longer is pointless. */
  check: () => void
  /** Reads the state again. It runs before each `look`. */
  refresh: () => Promise<void>
}

/** Prints the demo and waits for results. */
export class Narrator {
  readonly #deps: NarratorDeps
  #steps = 0
  #shown = ''

  constructor(deps: NarratorDeps) {
    this.#deps = deps
  }

  /** Returns the text in this style, if colours are on. */
  in(style: keyof typeof STYLES, text: string): string {
    return this.#deps.colours ? `\x1b[${STYLES[style]}m${text}\x1b[0m` : text
  }

  line(text = ''): void {
    this.#deps.write(`${text}\n`)
  }

  heading(text: string): void {
    this.#steps++
    this.line()
    this.line(this.in('bold', `${this.#steps}. ${text}`))
  }

  /** Prints what a person does, at Google or at a keyboard. */
  act(text: string): void {
    const [first = '', ...rest] = wrap(text, WIDTH - 4)
    this.line(this.in('cyan', `  > ${first}`))
    this.output(rest, 'cyan')
  }

  command(text: string): void {
    const lines = wrap(text, WIDTH - 6).join(' \\\n    ')
    this.line(this.in('dim', `  $ ${lines}`))
  }

  /** Prints the output of a command. */
  output(lines: readonly string[], style?: keyof typeof STYLES): void {
    for (const line of lines) this.line(`    ${style ? this.in(style, line) : line}`)
  }

  paragraph(text: string): void {
    for (const line of wrap(text, WIDTH)) this.line(line)
  }

  /** Prints output that may need several lines. */
  quote(text: string): void {
    this.output(wrap(text, WIDTH - 4))
  }

  happened(text: string, seconds?: number): void {
    const took = seconds === undefined ? '' : `  (${seconds.toFixed(1)} s)`
    const [first = '', ...rest] = wrap(text + took, WIDTH - 4)
    this.line(`  ${this.in('green', '✓')} ${first}`)
    this.output(rest)
  }

  failed(text: string): void {
    const [first = '', ...rest] = text.split('\n')
    this.line(`  ${this.in('red', '✗')} ${first}`)
    this.output(rest)
  }

  /**
   * Waits for an expected result. Returns it, and the seconds since `since`.
   *
   * @param since ms by the monotonic clock; now by default.
   */
  async until<T>(expected: Expectation<T>, since = performance.now()): Promise<{ value: T; seconds: number }> {
    const end = performance.now() + expected.within * 1000
    for (;;) {
      await this.#deps.refresh()
      const value = await expected.look()
      const now = performance.now()
      if (value !== undefined && value !== false) {
        this.clear()
        return { value, seconds: (now - since) / 1000 }
      }
      this.#deps.check()
      if (now > end) {
        this.clear()
        throw new DemoFailure(`expected within ${expected.within} s: ${expected.what}\nfound: ${expected.found()}`)
      }
      this.#waiting(expected.what, (now - since) / 1000)
      await new Promise((resolve) => setTimeout(resolve, CHECK_INTERVAL_MS))
    }
  }

  /** Shows on a terminal that it waits. `clear` erases the line. */
  #waiting(what: string, seconds: number): void {
    if (!this.#deps.isTerminal || seconds < 1) return
    const text = `  … ${what}: ${Math.floor(seconds)} s`.slice(0, 78)
    if (text === this.#shown) return
    this.#shown = text
    this.#deps.write(`\r${this.in('dim', text)}\x1b[K`)
  }

  /** Erases the line that shows the waiting. */
  clear(): void {
    if (this.#shown === '') return
    this.#shown = ''
    this.#deps.write('\r\x1b[K')
  }
}
