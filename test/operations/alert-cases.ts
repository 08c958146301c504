/** For each alert: series that fire it, and series that come close and don't. promtool's notation, a sample a minute. */

import { bookings } from './booking-alert-cases.ts'

export interface AlertCase {
  alert: string
  when: string
  /** Series and their samples, such as `1x60`. */
  series: Record<string, string>
  /** When to look, from the first sample on. */
  at: string
  /** What fires: labels besides alertname and severity, and what `$value` reads as in the texts. None: nothing. */
  fires: { labels: Record<string, string>; value?: string }[]
}

const ALICE = 'namespace="booking",agent="alice"'
const GOOGLE = 'namespace="booking",integration="google"'
const POD = 'job="calendar-operator",instance="10.0.0.1:8081"'
const OTHER_POD = 'job="calendar-operator",instance="10.0.0.2:8081"'
const alice = { namespace: 'booking', agent: 'alice' }
const google = { namespace: 'booking', integration: 'google' }
const job = { job: 'calendar-operator' }

/** The end of a grant, this many hours after the first sample. */
const endsIn = (hours: number): Record<string, string> => ({
  [`calendar_operator_grant_expiry_timestamp_seconds{${ALICE},${POD}}`]: `${hours * 3600}x200`,
})
const agent = (metric: string, samples: string, pod = POD): Record<string, string> => ({
  [`calendar_operator_agent_${metric}{${ALICE},${pod}}`]: samples,
})
const leads = (samples: string, pod = POD): Record<string, string> => ({
  [`leader_election_master_status{name="calendar-operator",${pod}}`]: samples,
})
/** What tells our targets from those of other operators. */
const ours = { [`calendar_operator_agents{state="ready",${POD}}`]: '3x60' }
const reconciles = (good: string, bad: string, target = POD): Record<string, string> => ({
  [`controller_runtime_reconcile_total{controller="agent",result="success",${target}}`]: good,
  [`controller_runtime_reconcile_total{controller="agent",result="error",${target}}`]: bad,
  [`controller_runtime_reconcile_errors_total{controller="agent",${target}}`]: bad,
})
const asked = (ok: string, unreachable: string): Record<string, string> => ({
  [`calendar_operator_google_requests_total{kind="events.list",outcome="ok",${POD}}`]: ok,
  [`calendar_operator_google_requests_total{kind="events.list",outcome="Unreachable",${POD}}`]: unreachable,
})

const agents: AlertCase[] = [
  ...[
    { when: '49 hours are left', hours: 50, at: '1h', fires: [] },
    { when: '47 hours are left', hours: 48, at: '1h', fires: [{ labels: alice, value: '1d 23h 0m 0s' }] },
    { when: 'less than 12 hours are left: that is another alert', hours: 12, at: '1h', fires: [] },
  ].map(({ hours, ...rest }): AlertCase => ({ alert: 'CalendarGrantExpiresSoon', series: endsIn(hours), ...rest })),
  {
    alert: 'CalendarGrantExpiresSoon',
    when: 'two replicas tell of one grant: one alert',
    series: {
      ...endsIn(40),
      [`calendar_operator_grant_expiry_timestamp_seconds{${ALICE},${OTHER_POD}}`]: '144000x200',
    },
    at: '0',
    fires: [{ labels: alice, value: '1d 16h 0m 0s' }],
  },
  ...[
    { when: '13 hours are left', hours: 14, at: '1h', fires: [] },
    { when: '11 hours are left', hours: 12, at: '1h', fires: [{ labels: alice, value: '11h 0m 0s' }] },
    { when: 'it ended an hour ago', hours: 1, at: '2h', fires: [{ labels: alice, value: '-1h 0m 0s' }] },
    { when: 'it outlived its end by more than two hours', hours: 1, at: '3h1m', fires: [] },
  ].map(({ hours, ...rest }): AlertCase => ({ alert: 'CalendarGrantExpiresNow', series: endsIn(hours), ...rest })),
  {
    alert: 'CalendarAgentNotReady',
    when: 'it lasts',
    series: agent('ready', '1x5 0x60'),
    at: '22m',
    fires: [{ labels: alice }],
  },
  { alert: 'CalendarAgentNotReady', when: 'it passes', series: agent('ready', '1x5 0x13 1x60'), at: '22m', fires: [] },
  {
    alert: 'CalendarAgentNotReady',
    when: 'it waits for its first sign-in',
    series: { ...agent('ready', '0x60'), ...agent('awaiting_sign_in', '1x60') },
    at: '30m',
    fires: [],
  },
  {
    alert: 'CalendarAgentNotReady',
    when: 'one of two replicas has not heard yet that it is',
    series: { ...agent('ready', '0x60'), ...agent('ready', '1x60', OTHER_POD) },
    at: '30m',
    fires: [],
  },
  {
    alert: 'CalendarAgentAwaitsSignIn',
    when: 'a day has passed',
    series: agent('awaiting_sign_in', '1x1500'),
    at: '24h1m',
    fires: [{ labels: alice }],
  },
  {
    alert: 'CalendarAgentAwaitsSignIn',
    when: 'somebody signed in after 23 hours',
    series: agent('awaiting_sign_in', '1x1380 _x100'),
    at: '24h1m',
    fires: [],
  },
  {
    alert: 'CalendarAgentStale',
    when: 'the last read is older than staleAfter',
    series: { ...agent('sync_age_seconds', '0+60x60'), ...agent('stale_after_seconds', '900x60') },
    at: '21m',
    fires: [{ labels: alice, value: '21m 0s' }],
  },
  {
    alert: 'CalendarAgentStale',
    when: 'a heartbeat comes in time',
    series: { ...agent('sync_age_seconds', '0+60x14 0+60x14 0+60x14'), ...agent('stale_after_seconds', '900x60') },
    at: '29m',
    fires: [],
  },
  {
    alert: 'CalendarAgentStale',
    when: 'it is suspended, and so has no limit',
    series: agent('sync_age_seconds', '0+60x60'),
    at: '40m',
    fires: [],
  },
]

/** An output of an agent that has been read. */
const output = (samples: string, kind = 'calendar', pod = POD): Record<string, string> => ({
  [`calendar_operator_agent_sync_age_seconds{${ALICE},${pod}}`]: '60x60',
  [`calendar_operator_output_good_until_timestamp_seconds{${ALICE},output="${kind}",${pod}}`]: samples,
})
const aliceCalendar = { ...alice, output: 'calendar' }
const aliceToken = { ...alice, output: 'access_token' }

const outputs: AlertCase[] = [
  ...[
    { when: 'it was watching before', watching: '1x30 0x60', ready: '1x100', at: '62m', fires: [{ labels: alice }] },
    { when: 'it is a short interruption', watching: '1x30 0x25 1x60', ready: '1x100', at: '62m', fires: [] },
    { when: 'it never was watching', watching: '0x100', ready: '1x100', at: '62m', fires: [] },
    {
      when: 'it is not ready either: that is another alert',
      watching: '1x30 0x60',
      ready: '0x100',
      at: '62m',
      fires: [],
    },
  ].map(({ watching, ready, ...rest }): AlertCase => ({
    alert: 'CalendarAgentNotWatching',
    series: { ...agent('watching', watching), ...agent('ready', ready) },
    ...rest,
  })),
  {
    alert: 'CalendarOutputMissing',
    when: 'it lasts',
    series: output('900x5 0x20'),
    at: '12m',
    fires: [{ labels: aliceCalendar }],
  },
  {
    alert: 'CalendarOutputMissing',
    when: 'nothing was ever read',
    series: {
      [`calendar_operator_output_good_until_timestamp_seconds{${ALICE},output="calendar",${POD}}`]: '0x20',
    },
    at: '12m',
    fires: [],
  },
  { alert: 'CalendarOutputMissing', when: 'it is made again', series: output('900 0x4 1800x20'), at: '12m', fires: [] },
  {
    alert: 'CalendarOutputMissing',
    when: 'the token is missing, and the calendar stands',
    series: { ...output('9000x20'), ...output('0x20', 'access_token') },
    at: '6m',
    fires: [{ labels: aliceToken }],
  },
  {
    alert: 'CalendarOutputExpired',
    when: 'it is past its time',
    series: output('600x30'),
    at: '13m',
    fires: [{ labels: aliceCalendar }],
  },
  {
    alert: 'CalendarOutputExpired',
    when: 'it is renewed in time',
    series: output('600x9 1800x20'),
    at: '13m',
    fires: [],
  },
  {
    alert: 'CalendarOutputExpired',
    when: 'it is missing: that is another alert',
    series: output('0x20'),
    at: '13m',
    fires: [],
  },
  {
    alert: 'CalendarOutputExpired',
    when: 'the token is past its time, and the calendar is not',
    series: { ...output('9000x30'), ...output('600x30', 'access_token') },
    at: '13m',
    fires: [{ labels: aliceToken }],
  },
  {
    alert: 'CalendarOutputExpired',
    when: 'two replicas tell of one output: one alert',
    series: { ...output('600x30'), ...output('600x30', 'calendar', OTHER_POD) },
    at: '13m',
    fires: [{ labels: aliceCalendar }],
  },
]

const integrations: AlertCase[] = [
  {
    alert: 'CalendarIntegrationNotReady',
    when: 'it lasts',
    series: { [`calendar_operator_integration_ready{${GOOGLE},${POD}}`]: '0x60' },
    at: '11m',
    fires: [{ labels: google }],
  },
  {
    alert: 'CalendarIntegrationNotReady',
    when: 'its Secret comes a little later',
    series: { [`calendar_operator_integration_ready{${GOOGLE},${POD}}`]: '0x5 1x60' },
    at: '11m',
    fires: [],
  },
  {
    alert: 'CalendarIntegrationRateLimited',
    when: 'it lasts',
    series: { [`calendar_operator_rate_limited{${GOOGLE},${POD}}`]: '0 1x60' },
    at: '17m',
    fires: [{ labels: google }],
  },
  {
    alert: 'CalendarIntegrationRateLimited',
    when: 'it is met again every seven minutes only',
    series: { [`calendar_operator_rate_limited{${GOOGLE},${POD}}`]: '0 1 0x5 1 0x5 1 0x5 1 0x5' },
    at: '17m',
    fires: [{ labels: google }],
  },
  {
    alert: 'CalendarIntegrationRateLimited',
    when: 'a minute’s quota is used up now and then',
    series: { [`calendar_operator_rate_limited{${GOOGLE},${POD}}`]: '0 1x3 0x12 1x3 0x12 1x3 0x12 1' },
    at: '45m',
    fires: [],
  },
]

const operator: AlertCase[] = [
  {
    alert: 'CalendarOperatorDown',
    when: 'its targets are gone',
    series: leads('1x5 _x60'),
    at: '16m',
    fires: [{ labels: { name: 'calendar-operator' } }],
  },
  {
    alert: 'CalendarOperatorDown',
    when: 'there never was one',
    series: {},
    at: '6m',
    fires: [{ labels: { name: 'calendar-operator' } }],
  },
  { alert: 'CalendarOperatorDown', when: 'it stands by', series: leads('0x60'), at: '30m', fires: [] },
  {
    alert: 'CalendarOperatorDown',
    when: 'a rollout takes its time',
    series: leads('1x5 _x3 1x60'),
    at: '16m',
    fires: [],
  },
  {
    alert: 'CalendarOperatorNoLeader',
    when: 'nobody does',
    series: { ...leads('1x5 0x60'), ...leads('0x60', OTHER_POD) },
    at: '9m',
    fires: [{ labels: job }],
  },
  {
    alert: 'CalendarOperatorNoLeader',
    when: 'the other replica takes over',
    series: { ...leads('1x5 0x60'), ...leads('0x6 1x60', OTHER_POD) },
    at: '9m',
    fires: [],
  },
  {
    alert: 'CalendarOperatorReconcileErrors',
    when: 'three of four fail',
    series: { ...ours, ...reconciles('0+1x60', '0+3x60') },
    at: '40m',
    fires: [{ labels: { ...job, controller: 'agent' }, value: '75%' }],
  },
  {
    alert: 'CalendarOperatorReconcileErrors',
    when: 'one of four fails',
    series: { ...ours, ...reconciles('0+3x60', '0+1x60') },
    at: '40m',
    fires: [],
  },
  {
    alert: 'CalendarOperatorReconcileErrors',
    when: 'they are another operator’s',
    series: { ...ours, ...reconciles('0+1x60', '0+3x60', 'job="other",instance="10.0.0.9:8080"') },
    at: '40m',
    fires: [],
  },
  {
    alert: 'CalendarOperatorWorkerStuck',
    when: 'one object stands still for six minutes',
    series: { ...ours, [`calendar_operator_controller_still_seconds{name="agent",${POD}}`]: '0+60x60' },
    at: '6m',
    fires: [{ labels: { ...job, instance: '10.0.0.1:8081', name: 'agent' }, value: '6m 0s' }],
  },
  {
    alert: 'CalendarOperatorWorkerStuck',
    when: 'Google takes a minute for each of many calendars of one Agent',
    series: {
      ...ours,
      [`calendar_operator_controller_still_seconds{name="agent",${POD}}`]: '0 60 0 60 0 60 0 60',
      [`workqueue_longest_running_processor_seconds{name="agent",${POD}}`]: '0+60x60',
    },
    at: '7m',
    fires: [],
  },
  {
    alert: 'CalendarOperatorBacklog',
    when: 'the queue never empties',
    series: { ...ours, [`workqueue_depth{name="agent",${POD}}`]: '40x60' },
    at: '16m',
    fires: [{ labels: { ...job, name: 'agent' }, value: '40' }],
  },
  {
    alert: 'CalendarOperatorBacklog',
    when: 'ten thousand agents start',
    series: { ...ours, [`workqueue_depth{name="agent",${POD}}`]: '10000-1000x10 0x60' },
    at: '16m',
    fires: [],
  },
  {
    alert: 'CalendarOperatorGoogleUnreachable',
    when: 'nine of ten requests get no answer',
    series: asked('0+1x60', '0+9x60'),
    at: '30m',
    fires: [{ labels: job, value: '90%' }],
  },
  {
    alert: 'CalendarOperatorGoogleUnreachable',
    when: 'one of ten gets none',
    series: asked('0+9x60', '0+1x60'),
    at: '30m',
    fires: [],
  },
  {
    alert: 'CalendarOperatorMetricsBroken',
    when: 'a gauge fails at each scrape',
    series: { [`calendar_operator_scrape_failures_total{gauge="calendar_operator_agents",${POD}}`]: '1+1x60' },
    at: '10m',
    fires: [{ labels: { ...job, gauge: 'calendar_operator_agents' } }],
  },
  {
    alert: 'CalendarOperatorMetricsBroken',
    when: 'one failed long ago',
    series: { [`calendar_operator_scrape_failures_total{gauge="calendar_operator_agents",${POD}}`]: '1x60' },
    at: '40m',
    fires: [],
  },
]

export const alertCases: AlertCase[] = [...agents, ...bookings, ...outputs, ...integrations, ...operator]
