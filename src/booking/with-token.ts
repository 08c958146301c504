/** Sends one request with the access token of an Agent. */
import { GoogleError, needsNewToken } from '../google/port.ts'
import type { BookingDeps } from './port.ts'
import type { AuthorizedAgent } from './steps.ts'

/**
 * Sends a request. If Google's answer shows that the access token is not good, or may not be the client's, it is renewed and the
 * request is sent once more: a request with a refused token was not carried out.
 *
 * @throws GoogleError
 * @throws ApiError if a new token could not be saved.
 */
export async function withToken<T>(
  { tokens }: Pick<BookingDeps, 'tokens'>,
  { agent, request }: AuthorizedAgent,
  send: (accessToken: string) => Promise<T>,
): Promise<T> {
  const grant = (): ReturnType<typeof tokens.current>['grant'] => tokens.current(agent).grant
  try {
    return await send(grant()?.accessToken ?? '')
  } catch (error) {
    const isTokenProven = grant()?.isTokenProven === true
    if (!(error instanceof GoogleError) || !needsNewToken(error, { isTokenProven })) throw error
    if (await tokens.renew(request)) throw error
    return send(grant()?.accessToken ?? '')
  }
}
