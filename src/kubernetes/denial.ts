/**
 * Finds out which webhook, policy, quota or namespace caused a write to be refused, from the message of the Status as a 1.34
 * server writes it. Only text that has the form of an object's name is repeated: the rest may contain anything. Pure.
 */

/** Why the API server did not allow a request. */
interface Denial {
  /** One clause for people. */
  words: string
  /** An admission webhook or policy denied the request, with a status code of its own choice. */
  isVerdict: boolean
}

/** A DNS subdomain: the form of the names of webhooks, policies, quotas and namespaces. */
const NAME = '([a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?)'
/** The beginning of a message by the API server itself: `configmaps "alice-calendar" is forbidden: `. */
const FORBIDDEN = String.raw`^[a-z.-]{1,100} "[^"]{0,260}" is forbidden: `

interface Wording {
  pattern: RegExp
  words: (name: string, binding: string | undefined) => string
  isVerdict?: boolean
}

const WORDINGS: readonly Wording[] = [
  {
    pattern: new RegExp(`^admission webhook "${NAME}" denied the request`),
    words: (name) => `the admission webhook ${name} denied it`,
    isVerdict: true,
  },
  {
    pattern: new RegExp(`${FORBIDDEN}ValidatingAdmissionPolicy '${NAME}'(?: with binding '${NAME}')? denied request`),
    words: (name, binding) =>
      `the ValidatingAdmissionPolicy ${name}${binding ? ` (binding ${binding})` : ''} denied it`,
    isVerdict: true,
  },
  {
    pattern: new RegExp(`^Internal error occurred: failed calling webhook "${NAME}"`),
    words: (name) => `the admission webhook ${name} could not be called`,
  },
  { pattern: new RegExp(`${FORBIDDEN}exceeded quota: ${NAME},`), words: (name) => `exceeded quota: ${name}` },
  { pattern: new RegExp(`${FORBIDDEN}failed quota: ${NAME}:`), words: (name) => `failed quota: ${name}` },
  {
    pattern: new RegExp(`${FORBIDDEN}status unknown for quota: ${NAME},`),
    words: (name) => `what counts for the quota ${name} is not counted yet`,
  },
  {
    pattern: new RegExp(`${FORBIDDEN}unable to create new content in namespace ${NAME} because it is being terminated`),
    words: (name) => `the namespace ${name} is being terminated`,
  },
]

const IMMUTABLE = 'field is immutable when `immutable` is set'

/** Finds the cause in the message of a Status; undefined if it names no known cause. */
export function denialOf(message: string): Denial | undefined {
  if (message.includes(IMMUTABLE)) return { words: 'it is immutable: delete it, and it is made anew', isVerdict: false }
  for (const { pattern, words, isVerdict = false } of WORDINGS) {
    const [found, name = '', binding] = pattern.exec(message) ?? []
    if (found !== undefined) return { words: words(name, binding), isVerdict }
  }
  return undefined
}
