/**
 * Makes the messages of channels (docs/google-behaviour.md#notifications): `sync` when a channel is made, and `exists` for every
 * change of its calendar, whoever makes it. Numbers grow, with gaps. Faults lose, repeat, delay or reorder messages.
 */
import type { Calendar } from '../state/calendar-records.ts'
import { type FaultRule, findFault } from '../state/fault-rules.ts'
import type { GoogleState } from '../state/state.ts'
import { deliver, isAlive, later, logLost } from './delivery.ts'
import type { Channel, Message, ResourceState } from '../state/push-records.ts'

const LARGEST_STEP = 3
const LARGE_GAP = 1000
const DELAY_MS = 1000

/** Notifies every live channel of the calendar of a change. */
export function notifyWatchers(state: GoogleState, calendar: Calendar): void {
  const channels = state.push.byCalendar.get(calendar.id)
  if (!channels) return
  for (const channel of channels) {
    if (isAlive(channel, state.now())) void sendNotification(state, channel, 'exists')
    else channels.delete(channel)
  }
}

/** Sends a message of a channel. Resolves when it was answered, or when a fault keeps it back. */
export async function sendNotification(
  state: GoogleState,
  channel: Channel,
  resourceState: ResourceState,
): Promise<void> {
  const { account, client } = channel
  const path = decodeURIComponent(new URL(channel.resourceUri).pathname)
  const fault = findFault(state.faults, { kind: `notification.${resourceState}`, path, account, client })
  channel.messages += stepOf(state, resourceState, fault)
  const named = fault ? { fault: fault.fault } : {}
  await send(state, { channel, number: channel.messages, state: resourceState, ...named }, fault)
}

function stepOf(state: GoogleState, resourceState: ResourceState, fault: FaultRule | undefined): number {
  if (resourceState === 'sync') return 1
  const gap = fault?.fault === 'numberGap' ? (fault.gap ?? LARGE_GAP) : 0
  return 1 + gap + Math.floor(state.random() * LARGEST_STEP)
}

async function send(state: GoogleState, message: Message, fault: FaultRule | undefined): Promise<void> {
  switch (fault?.fault) {
    case 'lost':
      logLost(state, message)
      break
    case 'delayed':
      later(state, fault.ms ?? DELAY_MS, () => void deliver(state, message))
      break
    case 'duplicated':
      await sendNow(state, [message, message])
      break
    case 'reordered':
      if (message.channel.held.length > 0) await sendNow(state, [message])
      else message.channel.held.push(message)
      break
    default:
      await sendNow(state, [message])
  }
}

/** Delivers messages of one channel, and then the one that was held back for them. */
async function sendNow(state: GoogleState, messages: [Message, ...Message[]]): Promise<void> {
  const held = messages[0].channel.held.splice(0)
  await Promise.all(messages.map((message) => deliver(state, message)))
  await Promise.all(held.map((message) => deliver(state, message)))
}
