/** The types of what this room finds out about an integration, one for each condition. */
import type { Finding } from '../resources/conditions.ts'
import type { ReadyReason, ReasonOf } from '../resources/reasons.ts'

/** The finding about `CredentialsValid`. */
export type CredentialsFinding = Finding<ReasonOf<'CalendarIntegration', 'CredentialsValid'>>
/** The finding about `SiteAccepted`. */
export type SiteFinding = Finding<ReasonOf<'CalendarIntegration', 'SiteAccepted'>>
/** The finding about `WithinQuota`. */
export type QuotaFinding = Finding<ReasonOf<'CalendarIntegration', 'WithinQuota'>>
/** The finding about `CalendarAPIEnabled`. */
export type APIFinding = Finding<ReasonOf<'CalendarIntegration', 'CalendarAPIEnabled'>>
/** The finding about `Ready`. */
export type ReadyFinding = Finding<ReadyReason<'CalendarIntegration'>>
