/** The types of findings about an integration, one for each condition. */
import type { Finding } from '../resources/conditions.ts'
import type { ReadyReason, ReasonOf } from '../resources/reasons.ts'

/** Whether Google accepts the OAuth client. */
export type CredentialsFinding = Finding<ReasonOf<'CalendarIntegration', 'CredentialsValid'>>
/** Whether the site belongs to the integration's namespace. */
export type SiteFinding = Finding<ReasonOf<'CalendarIntegration', 'SiteAccepted'>>
/** Whether Google limits the client's requests. */
export type QuotaFinding = Finding<ReasonOf<'CalendarIntegration', 'WithinQuota'>>
/** Whether the Calendar API is enabled in the client's Google Cloud project. */
export type APIFinding = Finding<ReasonOf<'CalendarIntegration', 'CalendarAPIEnabled'>>
/** Whether the integration can be used. */
export type ReadyFinding = Finding<ReadyReason<'CalendarIntegration'>>
/** What a reconcile finds out: one finding for each condition. */
export interface CompleteFindings {
  ready: ReadyFinding
  own: {
    CredentialsValid: CredentialsFinding
    CalendarAPIEnabled: APIFinding
    WithinQuota: QuotaFinding
    SiteAccepted: SiteFinding
  }
}
