/**
 * Runs the steps that keep the channels of one Agent as its spec and the site want them. Only this file and `channel-manager.ts`
 * replace the state: a request's answer is applied to the state as it is when the answer comes.
 */
import type { ObjectState } from '../kubernetes/object-states.ts'
import type { Key } from '../kubernetes/port.ts'
import { hasUnproved, type AgentPush, type PushAccess } from './agent-push.ts'
import type { ChannelKey } from './channel-token.ts'
import { requestChannel, withAnswer, type RequestDeps } from './make-channel.ts'
import type { Reachability } from './reachability.ts'
import { onlyWatched, stillStopping, takenStopping, withoutPauses, withStillStopping, type Validity } from './state.ts'
import { stopChannel } from './stop-channel.ts'
import { isDue, isTrying, paused, withoutDead, withoutUnwatched, type UpkeepFacts } from './upkeep.ts'

/** The last state of one Agent. */
export type TrackedPush = ObjectState<AgentPush>

/** The upkeep of one Agent's channels. */
export interface ChannelRun {
  readonly deps: RequestDeps
  readonly key: Key
  readonly tracked: TrackedPush
  readonly reachability: Reachability
  /** The current key; undefined while there is none. */
  readonly channelKey: () => ChannelKey | undefined
  readonly validity: (address: string) => Validity
}

/** Makes the channels that are lacking, for notifications at this URL, and drops those that are dead or not wanted. */
export async function keepChannels(run: ChannelRun, address: string): Promise<void> {
  const { deps, tracked, reachability, key } = run
  const facts = (): UpkeepFacts => ({
    ...{ now: deps.clock.monotonic(), validity: run.validity(address) },
    isReachable: () => reachability.wasProved(tracked.value.integration, address),
  })
  const { push, hasTimedOut } = withoutDead(withoutUnwatched(tracked.value), facts())
  if (hasTimedOut) reachability.fail(push.integration, key)
  tracked.update(push)
  let waits = false
  for (const calendar of push.calendars) {
    if (!isDue(tracked.value, calendar, facts())) continue
    waits = (await ensureChannel(run, calendar.id, address)) === 'waits' || waits
  }
  tracked.update({ waitsForOther: waits })
  const { access, integration } = tracked.value
  if (!waits && !(access && isTrying(tracked.value))) reachability.leave(integration, key)
}

/** Channels are not wanted. */
export function dropChannels({ tracked, reachability, key }: ChannelRun): void {
  tracked.update({ state: onlyWatched(tracked.value.state, () => false) })
  reachability.leave(tracked.value.integration, key)
}

/** Stops the channels that are to be stopped and due, each with one request. Without a token they wait for one. */
export async function stopChannels({ deps: { clock }, tracked }: ChannelRun): Promise<void> {
  const { access: current, lastAccess } = tracked.value
  const access = current ?? lastAccess
  if (!access) return
  const { due, state } = takenStopping(tracked.value.state, { monotonic: clock.monotonic(), now: clock.now() })
  // Taken out first: another caller must not stop them, too.
  tracked.update({ state })
  for (const channel of due) {
    const refusal = await stopChannel(access, channel)
    const again = refusal && stillStopping(channel, refusal, clock.monotonic())
    tracked.update({ ...withLastAccess(tracked.value, access), state: withStillStopping(tracked.value.state, again) })
  }
}

/** The Agent may have come to rest during a request, which leaves it no access. What the answer leaves to be stopped needs one. */
const withLastAccess = (push: AgentPush, access: PushAccess): AgentPush => ({
  ...push,
  lastAccess: push.lastAccess ?? access,
})

/**
 * The calendar's channel may have been proved just now: if it was made for the URL that is served now, notifications arrive there.
 * A message of another channel proves nothing, because that one may post to another URL.
 */
export function noteReachable({ reachability, tracked, validity }: ChannelRun, id: string): void {
  const { mode, state } = tracked.value
  const channel = state.byCalendar.get(id)?.proved
  if (!channel || mode.kind !== 'enabled' || reachability.isProved(mode.address)) return
  if (!validity(mode.address).isAccepted(channel.id)) return
  reachability.prove(mode.address)
  tracked.update({ state: withoutPauses(state) })
}

async function ensureChannel(run: ChannelRun, id: string, address: string): Promise<'waits' | undefined> {
  const { deps, tracked, reachability, key: agentKey } = run
  const { access, uid, integration } = tracked.value
  const key = run.channelKey()
  if (!access || !key || !mayTry(run, address)) return undefined
  const permission = reachability.request(integration, agentKey, address)
  if (permission !== 'granted') {
    if (permission.waitsFor === 'other') return 'waits'
    tracked.update(paused(tracked.value, id, permission.until))
    return undefined
  }
  const answer = await requestChannel(deps, { uid, calendarId: id, address, key, access })
  tracked.update(withAnswer(withLastAccess(tracked.value, access), id, answer))
  noteReachable(run, id)
  return undefined
}

/** Until the site is proved, one channel tries. The spec may have changed while another request was under way. */
function mayTry({ tracked: { value: push }, reachability }: ChannelRun, address: string): boolean {
  const isCurrent = push.mode.kind === 'enabled' && push.mode.address === address
  return isCurrent && (reachability.isProved(address) || !hasUnproved(push))
}
