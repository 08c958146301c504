/** Reads untrusted JSON. Pure. */

/** Whether a value is a JSON object, that is, neither null nor a list. */
export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Parses a JSON text; undefined if it is not JSON. */
export function parseJSON(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Parses a JSON object; undefined if the text is not JSON or contains another kind of value. */
export function parseRecord(text: string): Record<string, unknown> | undefined {
  const value = parseJSON(text)
  return isRecord(value) ? value : undefined
}
