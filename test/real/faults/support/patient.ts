/** A client that tries again when the API server is away, or has only just come back. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Answer, Client } from '../../../contract/client.ts'

const PATIENCE_MS = 180_000
const POLL_MS = 200

/** Wraps a client: it repeats each request until it is answered. */
export function patient(client: Client): Client {
  return {
    ...client,
    async request(...what) {
      const end = Date.now() + PATIENCE_MS
      for (;;) {
        const answer = await client.request(...what).catch((error: unknown) => error as Error)
        if (isAnswer(answer) || Date.now() > end) return orThrow(answer)
        await sleep(POLL_MS)
      }
    },
  }
}

/** A 404 without a Status comes from a server that does not serve our kinds yet. */
const isAnswer = (answer: Answer | Error): answer is Answer =>
  !(answer instanceof Error) &&
  answer.status !== 429 &&
  answer.status < 500 &&
  !(answer.status === 404 && answer.body.kind !== 'Status')

function orThrow(answer: Answer | Error): Answer {
  if (answer instanceof Error) throw answer
  return answer
}
