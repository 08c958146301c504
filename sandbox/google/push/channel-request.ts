/** Reads and checks the body of events.watch (docs/google-behaviour.md#push-notifications). */
import { isIP } from 'node:net'
import { backEnd, invalid, type Refusal } from '../http/errors.ts'

/** The body of events.watch, checked. */
export interface ChannelRequest {
  id: string
  address: string
  token?: string
  /** The longest life that the client wants, in ms. */
  lifeMs: number
}

/** How a request is checked. */
interface ChannelRules {
  now: number
  /** Origins that are accepted as they are. */
  acceptedOrigins: readonly string[]
}

const LONGEST_TOKEN = 256

/** Reads a request for a channel. @throws Refusal */
export function readChannelRequest(body: Record<string, unknown>, rules: ChannelRules): ChannelRequest {
  const { id, type, address, token } = body
  if (!isText(id) || !isText(address)) throw backEnd(400, 'required', 'Required')
  if (type !== 'web_hook' && type !== 'webhook') throw invalid('Unknown channel type')
  if (!/^[A-Za-z0-9\-_+/=]{1,64}$/.test(id)) throw backEnd(400, 'channelIdInvalid', 'Invalid channel id')
  checkAddress(address, rules.acceptedOrigins)
  return { id, address, ...tokenOf(token), lifeMs: lifeOf(body, rules.now) }
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''

function tokenOf(token: unknown): { token?: string } {
  if (token === undefined || token === null || token === '') return {}
  if (typeof token !== 'string') throw invalid('Invalid channel token.')
  if (token.length > LONGEST_TOKEN) throw invalid('Channel token is too long.')
  return { token }
}

/** The stricter one of `expiration` (an instant in ms) and `params.ttl` (seconds). */
function lifeOf({ expiration, params }: Record<string, unknown>, now: number): number {
  const { ttl } = (params ?? {}) as Record<string, unknown>
  const until = numberOf(expiration, 'expiration')
  const seconds = numberOf(ttl, 'ttl')
  const life = Math.min(until === undefined ? Infinity : until - now, seconds === undefined ? Infinity : seconds * 1000)
  if (life < 1000) throw invalid('Channel expiration must be in the future.')
  return life
}

function numberOf(value: unknown, name: string): number | undefined {
  if (value === undefined || value === null) return undefined
  const number = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value
  if (typeof number !== 'number' || !Number.isSafeInteger(number)) throw invalid(`Invalid value for ${name}.`)
  return number
}

function checkAddress(address: string, acceptedOrigins: readonly string[]): void {
  const url = URL.canParse(address) ? new URL(address) : undefined
  if (url && acceptedOrigins.includes(url.origin)) return
  if (url?.protocol !== 'https:') throw webhookUrlNotHttps(address)
  if (!isPublic(url.hostname)) throw webhookUrlUnauthorized(address)
}

/** Top-level names that no public certificate can be had for. */
const PRIVATE_NAMES = /\.(local|localhost|internal|intranet|lan|home|corp|svc|test|invalid|example|onion|arpa)$/

function isPublic(host: string): boolean {
  return host.includes('.') && isIP(host) === 0 && !PRIVATE_NAMES.test(host)
}

/** The error for an address that is not https. */
export const webhookUrlNotHttps = (address: string): Refusal =>
  backEnd(400, 'push.webhookUrlNotHttps', `WebHook callback must be HTTPS: ${address}`)

/** The error for an address that the project may not send notifications to. Its status is 401, although the token is valid. */
export const webhookUrlUnauthorized = (address: string): Refusal =>
  backEnd(401, 'push.webhookUrlUnauthorized', `Unauthorized WebHook callback channel: ${address}`)

/** The error for an id that the project has used before. */
export const channelIdNotUnique = (id: string): Refusal =>
  backEnd(400, 'channelIdNotUnique', `Channel id ${id} not unique`)

/** The error for a calendar that cannot be watched, such as one of holidays. */
export const pushNotSupported = (): Refusal =>
  backEnd(400, 'pushNotSupportedForRequestedResource', 'Push notifications are not supported by this resource.')
