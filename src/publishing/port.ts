/** What the room of publishing needs from outside. */
import type { Zones } from '../calendar/zones.ts'
import type { Cluster } from '../kubernetes/port.ts'
import type { Clock } from '../platform/clock.ts'

export interface PublishDeps {
  cluster: Cluster
  clock: Clock
  zones: Zones
}
