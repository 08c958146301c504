/** The types of what this room finds out about an integration, one for each condition. */
import type { Finding } from '../resources/conditions.ts'
import type { ReadyReason, ReasonOf } from '../resources/reasons.ts'

export type CredentialsFinding = Finding<ReasonOf<'CalendarIntegration', 'CredentialsValid'>>
export type SiteFinding = Finding<ReasonOf<'CalendarIntegration', 'SiteAccepted'>>
export type QuotaFinding = Finding<ReasonOf<'CalendarIntegration', 'WithinQuota'>>
export type APIFinding = Finding<ReasonOf<'CalendarIntegration', 'CalendarAPIEnabled'>>
export type ReadyFinding = Finding<ReadyReason<'CalendarIntegration'>>
