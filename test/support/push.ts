/** Push channels for tests of what is read and published without them. */
import type { AgentPushChannels } from '../../src/agent/port.ts'

export const noPush: AgentPushChannels = {
  observe: () => undefined,
  report: () => undefined,
  isReported: () => true,
  takeChanged: () => new Set(),
  stop: () => Promise.resolve(),
  forget: () => undefined,
  release: () => undefined,
}
