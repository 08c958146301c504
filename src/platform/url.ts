/** Parses addresses. */

/**
 * Parses an absolute URL; returns undefined if the text is not one.
 *
 * `URL.canParse` is not used in this program: on Node 20, once it is hot, it refuses addresses with letters between U+0080 and
 * U+00FF, such as https://bücher.example.
 */
export function parseURL(text: string): URL | undefined {
  try {
    return new URL(text)
  } catch {
    return undefined
  }
}
