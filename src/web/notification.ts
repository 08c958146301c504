/**
 * Google's notifications: a POST without a body worth reading, whose headers name the channel. The work is bounded: an HMAC for
 * each accepted key, and a look into the index of the Agents.
 */
import { verifyChannel, type ChannelKey } from '../push/channel-token.ts'
import type { WebDeps } from './port.ts'
import type { Request } from './request.ts'

/**
 * Passes a notification on if an accepted key made its token and its Agent exists.
 *
 * @returns `unknown` while there are no keys: Google sends the notification again after a 503.
 */
export function acceptNotification(
  { notified, observeNotification }: Pick<WebDeps, 'notified' | 'observeNotification'>,
  keys: readonly ChannelKey[],
  request: Request,
): 'accepted' | 'refused' | 'unknown' {
  if (keys.length === 0) return 'unknown'
  const channel = verifyChannel(
    keys,
    request.req.header('x-goog-channel-id'),
    request.req.header('x-goog-channel-token'),
  )
  // A resource state that is not known yet announces a change, as `exists` and `not_exists` do.
  const kind = request.req.header('x-goog-resource-state') === 'sync' ? 'sync' : 'change'
  const isAccepted =
    channel !== undefined && notified({ uid: channel.uid, tag: channel.tag, check: channel.check, kind })
  observeNotification(isAccepted ? kind : 'refused')
  return isAccepted ? 'accepted' : 'refused'
}
