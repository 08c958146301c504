/** Stops a push channel at Google. */
import { GoogleError } from '../google/port.ts'
import type { PushAccess } from './agent-push.ts'
import type { StoppingChannel } from './state.ts'

/** Asks Google to stop a channel. Returns whether it is stopped; never rejects because of an answer. */
export async function stopChannel(
  { client, accessToken, payer }: PushAccess,
  { id, resourceId }: StoppingChannel,
): Promise<boolean> {
  try {
    await client.stopChannel(accessToken, { channelId: id, resourceId }, { payer })
    return true
  } catch (error) {
    if (!(error instanceof GoogleError)) throw error
    return false
  }
}
