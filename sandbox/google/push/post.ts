/** Sends notifications over HTTP. The limit of time is the network's, so it does not run on the sandbox's clock. */
import { request as overHttp, Agent } from 'node:http'
import { request as overHttps, Agent as SecureAgent } from 'node:https'
import type { Notification, Post } from '../state/push-records.ts'

const TIMEOUT_MS = 10_000
/** How many deliveries to one origin are under way at once; the others wait. */
const CONNECTIONS = 64

/**
 * Makes the function that sends notifications. An https address needs a certificate that Node trusts, or one that an authority
 * (as PEM) has signed.
 */
export function httpPost(authority?: string): Post {
  const plain = new Agent({ maxSockets: CONNECTIONS })
  const secure = new SecureAgent({ maxSockets: CONNECTIONS, ...(authority === undefined ? {} : { ca: authority }) })
  return ({ address, headers }: Notification, signal: AbortSignal) => {
    const isSecure = address.startsWith('https:')
    const send = isSecure ? overHttps : overHttp
    const options = { method: 'POST', headers, agent: isSecure ? secure : plain, timeout: TIMEOUT_MS, signal }
    return new Promise<number>((resolve, reject) => {
      const request = send(address, options, (response) => {
        response.on('error', reject).on('end', () => resolve(response.statusCode ?? 0))
        response.resume()
      })
      request.on('timeout', () => request.destroy(new Error('no answer in time')))
      request.on('error', reject)
      request.end()
    })
  }
}
