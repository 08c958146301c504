/**
 * The texts of a listing that is under way, deflated page by page: they are most of it, nobody looks at them before its end,
 * and V8 lets garbage pile up in proportion to what is alive.
 */
import { deflateRawSync, inflateRawSync } from 'node:zlib'
import type { CompactEvent } from './compact-event.ts'

interface Page {
  facts: readonly CompactEvent[]
  packed: Uint8Array
}

/** Takes the wordings of facts away, and gives them back. Until then those facts have none. */
export class ContentCompressor {
  readonly #pages: Page[] = []
  #current: CompactEvent[] = []

  /** A fact of the page at hand. */
  add(fact: CompactEvent): void {
    if (fact.wording !== '') this.#current.push(fact)
  }

  endPage(): void {
    const facts = this.#current
    if (facts.length === 0) return
    // None of them has a line feed: they are JSON. The copy is of exactly that size, as in `pack.ts`.
    const text = facts.map(({ wording }) => wording).join('\n')
    this.#pages.push({ facts, packed: new Uint8Array(deflateRawSync(text, { level: 1 })) })
    for (const fact of facts) fact.wording = ''
    this.#current = []
  }

  /** The same fact with its wording, which it needs when its event comes a second time. */
  restored<T extends CompactEvent | undefined>(fact: T): T {
    const page = fact && fact.wording === '' ? this.#pages.find(({ facts }) => facts.includes(fact)) : undefined
    if (page) restore(page)
    return fact
  }

  restoreAll(): void {
    for (const page of this.#pages) restore(page)
  }
}

function restore({ facts, packed }: Page): void {
  const wordings = inflateRawSync(packed).toString('utf8').split('\n')
  facts.forEach((fact, index) => (fact.wording = wordings[index] ?? ''))
}
