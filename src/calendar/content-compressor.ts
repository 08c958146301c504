/**
 * Compresses the content of events, page by page, while a listing is in progress. Content is most of a listing, is not read before
 * the listing ends, and V8 lets garbage grow in proportion to live objects.
 */
import { compress, decompress } from '../platform/compression.ts'
import type { CompactEvent } from './compact-event.ts'

interface Page {
  events: readonly CompactEvent[]
  compressed: Uint8Array
}

/** Removes the content from the events of finished pages, and restores it on request. */
export class ContentCompressor {
  readonly #pages: Page[] = []
  #current: CompactEvent[] = []

  /** Adds an event of the current page that has content. */
  add(event: CompactEvent): void {
    this.#current.push(event)
  }

  /** Compresses the content of the current page, and begins the next one. */
  endPage(): void {
    const events = this.#current
    if (events.length === 0) return
    // JSON contains no line feed.
    const text = events.map(({ content }) => content).join('\n')
    this.#pages.push({ events, compressed: compress(text) })
    for (const event of events) event.content = ''
    this.#current = []
  }

  /** Returns the same event with its content restored, for an event that is listed a second time. */
  restore(event: CompactEvent): CompactEvent {
    const page = event.content === '' ? this.#pages.find(({ events }) => events.includes(event)) : undefined
    if (page) restorePage(page)
    return event
  }

  /** Puts the content back into all events. */
  restoreAll(): void {
    for (const page of this.#pages) restorePage(page)
  }
}

function restorePage({ events, compressed }: Page): void {
  const contents = decompress(compressed).split('\n')
  events.forEach((event, index) => (event.content = contents[index] ?? ''))
}
