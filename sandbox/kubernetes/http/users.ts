/** Authentication by bearer token or client certificate. There is no authorization: every user may do everything. */
import type { IncomingMessage } from 'node:http'
import { TLSSocket } from 'node:tls'
import type { Authority, Pair } from './certificates.ts'

/** A user with its credentials. */
export interface User extends Pair {
  name: string
  token: string
}

/** Makes users with tokens and client certificates. */
export async function createUsers(
  names: readonly string[],
  authority: Authority,
  secret: () => string,
): Promise<Map<string, User>> {
  const users = names.map(async (name): Promise<[string, User]> => {
    return [name, { name, token: secret(), ...(await authority.issueClient(name)) }]
  })
  return new Map(await Promise.all(users))
}

/** Returns the name of the user who sent the request, or undefined if it is unknown. */
export function userOf(request: IncomingMessage, users: ReadonlyMap<string, User>): string | undefined {
  const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1]
  if (token !== undefined) return [...users.values()].find((user) => user.token === token.trim())?.name
  const { socket } = request
  if (!(socket instanceof TLSSocket) || !socket.authorized) return undefined
  const name: unknown = socket.getPeerCertificate().subject.CN
  return typeof name === 'string' && users.has(name) ? name : undefined
}
