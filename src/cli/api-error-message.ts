/** What a failed request to the API server means for somebody at a terminal, and what they can do about it. Pure. */
import { ApiError } from '../kubernetes/port.ts'

/** What the command reads, as its messages say it. */
interface Subject {
  /** The kinds, in the plural. */
  kinds: string
  /** The message if access is denied: what is denied, and what to ask for. */
  forbidden: string
}

/** Explains an error in one line, which ends with the request and the API server's answer. */
export function apiErrorMessage(error: unknown, { kinds, forbidden }: Subject): string {
  const text = error instanceof Error ? error.message : String(error)
  if (!(error instanceof ApiError)) return text
  // For an unknown kind, an API server returns nothing but the status code.
  if (error.status === 404) return `This cluster knows no ${kinds}: install the CRDs of calendar-operator. (${text})`
  if (error.status === 401) return `The API server refuses the kubeconfig's credentials: renew them. (${text})`
  if (error.failure === 'Forbidden') return `${forbidden} (${text})`
  if (error.status === undefined)
    return `The API server did not answer: check the kubeconfig's current context. (${text})`
  return `The API server failed: try again, or see its log. (${text})`
}
