/** All promises, from the lists of the rooms that make them. */
import { AGENT_PROMISES } from './agent.ts'
import { BESIDE_THE_ROOMS_PROMISES } from './beside-the-rooms.ts'
import { BOOKING_PROMISES } from './booking.ts'
import { CALENDAR_PROMISES } from './calendar.ts'
import { CALENDARS_PROMISES } from './calendars.ts'
import { CLIENTS_PROMISES } from './clients.ts'
import { CONTROLLER_PROMISES } from './controller.ts'
import { GOOGLE_PROMISES } from './google.ts'
import { GRANTS_PROMISES } from './grants.ts'
import { INTEGRATION_PROMISES } from './integration.ts'
import { KUBERNETES_PROMISES } from './kubernetes.ts'
import { PLATFORM_PROMISES } from './platform.ts'
import { PUBLISHING_PROMISES } from './publishing.ts'
import { PUSH_PROMISES } from './push.ts'
import { RATE_LIMIT_PROMISES } from './rate-limit.ts'
import { RESOURCES_PROMISES } from './resources.ts'
import { SHARDING_PROMISES } from './sharding.ts'
import type { BrokenPromise } from './promise.ts'

export const PROMISES: readonly BrokenPromise[] = [
  ...AGENT_PROMISES,
  ...BESIDE_THE_ROOMS_PROMISES,
  ...BOOKING_PROMISES,
  ...CALENDAR_PROMISES,
  ...CALENDARS_PROMISES,
  ...CLIENTS_PROMISES,
  ...CONTROLLER_PROMISES,
  ...GOOGLE_PROMISES,
  ...GRANTS_PROMISES,
  ...INTEGRATION_PROMISES,
  ...KUBERNETES_PROMISES,
  ...PLATFORM_PROMISES,
  ...PUBLISHING_PROMISES,
  ...PUSH_PROMISES,
  ...RATE_LIMIT_PROMISES,
  ...RESOURCES_PROMISES,
  ...SHARDING_PROMISES,
]
