/** Whether an Agent's calendars are to be watched, and at which URL Google posts notifications. Pure. */
import type { Resolution } from '../clients/resolve-integration.ts'
import { SIGN_IN_PREFIX } from '../resources/names.ts'
import type { PushMode } from './watching.ts'

/** The settings that decide it. */
export interface ModeOptions {
  /** Whether pages are served. */
  servesPages: boolean
  /** The path under which each site serves the pages; `/google-calendar` by default. */
  pathPrefix?: string
}

/** Whether to watch. */
export function modeOf(options: ModeOptions, resolution: Resolution): PushMode {
  if (resolution.kind === 'suspended') return { kind: 'unknown' }
  if (resolution.kind === 'failed') {
    const { integration, failure } = resolution
    const isGone = !integration || failure.reason === 'IntegrationNotAllowed' || isDisabled(integration)
    return { kind: isGone ? 'disabled' : 'unknown' }
  }
  if (isDisabled(resolution.integration)) return { kind: 'disabled' }
  const message = obstacle(options, resolution)
  if (message !== undefined) return { kind: 'unreachable', message }
  if (!resolution.entry.siteAccepted) return { kind: 'unknown' }
  const { siteURI } = resolution.integration.spec.google
  return { kind: 'enabled', address: `${siteURI}${options.pathPrefix ?? SIGN_IN_PREFIX}/notifications` }
}

const isDisabled = ({ spec }: { spec: { sync: { push: string } } }): boolean => spec.sync.push === 'Disabled'

const MEANWHILE = 'Calendars are read at every interval.'
/** One text for all Agents, which keep it. */
const NO_PAGES = `The operator serves no pages (its setting --web-bind-address is 0), so Google can't announce changes. ${MEANWHILE}`

function obstacle(
  { servesPages }: ModeOptions,
  { integration, entry, key }: Extract<Resolution, { kind: 'resolved' }>,
): string | undefined {
  if (!servesPages) return NO_PAGES
  if (!integration.spec.google.siteURI.startsWith('https://')) {
    return `spec.google.siteURI of CalendarIntegration ${key} is not an https origin, and Google announces changes only to those. ${MEANWHILE}`
  }
  if (entry.siteRefused) {
    return `The site of CalendarIntegration ${key} is not accepted (its condition SiteAccepted says why), so Google can't announce changes there. ${MEANWHILE}`
  }
  return undefined
}
