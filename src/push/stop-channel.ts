/** Stops a push channel at Google. */
import { GoogleError } from '../google/port.ts'
import type { PushAccess } from './agent-push.ts'
import { refusalOf } from './refusals.ts'
import type { Refusal, StoppingChannel } from './state.ts'

/** Asks Google to stop a channel. Returns why it is not stopped, if so; never rejects because of an answer. */
export async function stopChannel(
  { client, accessToken, payer }: PushAccess,
  { id, resourceId }: StoppingChannel,
): Promise<Refusal | undefined> {
  try {
    await client.stopChannel(accessToken, { channelId: id, resourceId }, { payer })
    return undefined
  } catch (error) {
    if (!(error instanceof GoogleError)) throw error
    return refusalOf(error)
  }
}
