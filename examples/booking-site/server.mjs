/**
 * A booking page in one file, without packages: it offers the free hours of one agent, creates a Booking, and shows what becomes
 * of it. It is an example of how a site uses the operator: busy.json comes from a mounted ConfigMap, and the Role in role.yaml
 * is all that it may do. Who knows the address of a booking's page may cancel it; there are no accounts.
 */
import { createHash, randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'

const { env } = process
const AGENT = env.AGENT ?? 'alice'
const HOST = env.HOST_NAME ?? 'Alice'
const TITLE = env.TITLE ?? 'Viewing'
const HOURS = (env.WORKING_HOURS ?? '9-17').split('-').map(Number)
const DAYS_AHEAD = 14
const HOUR = 3_600_000
const SERVICE_ACCOUNT = env.SERVICE_ACCOUNT ?? '/var/run/secrets/kubernetes.io/serviceaccount'
const BOOKINGS = `${env.KUBERNETES_API ?? 'https://kubernetes.default.svc'}/apis/calendar-operator.io/v1alpha1/namespaces/${env.NAMESPACE ?? 'booking'}/bookings`
/** The name of a Booking is its visitor's key: 128 random bits. The form brings it, so that a form sent twice books once. */
const NAME = /visit-[0-9a-f]{32}(?![^/])/

// --- What is free -------------------------------------------------------------------------------------------------------------

/** The free hours of the working days to come, or nothing where the calendar can't be trusted: doubt is not free. */
async function freeSlots(now = Date.now()) {
  const text = await readFile(env.CALENDAR_FILE ?? '/calendar/busy.json', 'utf8').catch(() => '{}')
  const { complete, freshUntil, window, busy, timeZone } = JSON.parse(text)
  if (complete !== true || !(Date.parse(freshUntil) > now)) return undefined
  const last = Math.min(now + DAYS_AHEAD * 24 * HOUR, Date.parse(window.end) - HOUR)
  const taken = busy.map(({ start, end }) => [Date.parse(start), Date.parse(end)])
  const slots = []
  for (let start = Math.ceil(now / HOUR + 1) * HOUR; start <= last; start += HOUR) {
    const isFree = !taken.some(([from, to]) => from < start + HOUR && start < to)
    if (isFree && isWorkingHour(start, timeZone)) slots.push(start)
  }
  return slots
}

function isWorkingHour(instant, timeZone) {
  const shape = { timeZone, weekday: 'short', hour: 'numeric', hourCycle: 'h23' }
  const parts = new Intl.DateTimeFormat('en', shape).formatToParts(instant)
  const [weekday, hour] = ['weekday', 'hour'].map((type) => parts.find((part) => part.type === type).value)
  return !['Sat', 'Sun'].includes(weekday) && Number(hour) >= HOURS[0] && Number(hour) < HOURS[1]
}

// --- Kubernetes: create, watch and delete Bookings ----------------------------------------------------------------------------

/** NODE_EXTRA_CA_CERTS names the cluster's certificate authority. The token is read each time, because the kubelet renews it. */
async function kubernetes(path, options = {}) {
  const authorization = `Bearer ${(await readFile(`${SERVICE_ACCOUNT}/token`, 'utf8')).trim()}`
  return fetch(`${BOOKINGS}${path}`, { ...options, headers: { authorization, 'content-type': 'application/json' } })
}

const newBooking = ({ name, start, visitor, email }) => ({
  apiVersion: 'calendar-operator.io/v1alpha1',
  kind: 'Booking',
  metadata: { name },
  spec: {
    agentRef: { name: AGENT },
    start: rfc3339(start),
    end: rfc3339(start + HOUR),
    title: `${TITLE}: ${visitor}`,
    attendees: [{ email, name: visitor }],
    ttlAfterEnd: '720h',
  },
})

const rfc3339 = (instant) => new Date(instant).toISOString().replace('.000Z', 'Z')

/** Yields the Booking as it is, and again whenever it changes; `undefined` once it is gone. */
async function* watchBooking(name, signal) {
  const answer = await kubernetes(`?watch=true&timeoutSeconds=300&fieldSelector=metadata.name=${name}`, { signal })
  if (!answer.ok) throw new Error(`The watch was answered with ${answer.status}.`)
  let rest = ''
  for await (const chunk of answer.body.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop()
    for (const { type, object } of lines.map((line) => JSON.parse(line))) {
      if (type === 'ADDED' || type === 'MODIFIED') yield object
      if (type === 'DELETED') yield undefined
    }
  }
}

// --- What the visitor sees ----------------------------------------------------------------------------------------------------

/** What became of a Booking, from its conditions: the kind of news, a heading, a sentence, and the event if one stands. */
function outcomeOf(booking) {
  if (!booking || booking.metadata.deletionTimestamp) return CANCELLED
  const [accepted, booked, stalled] = ['Accepted', 'Booked', 'Stalled'].map((type) => conditionOf(booking, type))
  if (booked.status === 'True') return [...(STANDING[booked.reason] ?? STANDING.Booked), booking.status.event]
  if (stalled.status !== 'True') return WAITING
  return REFUSED[accepted.reason] ?? REFUSED[booked.reason] ?? REFUSED.other
}

/** A condition. One that is about an earlier spec tells nothing. */
function conditionOf({ metadata, status }, type) {
  const found = status?.conditions?.find((one) => one.type === type)
  return found?.observedGeneration === metadata.generation ? found : {}
}
const WAITING = ['waiting', 'One moment', `We are asking ${HOST}’s calendar.`]
const STANDING = {
  Booked: ['booked', 'Booked', 'It is in the calendar. See you then.'],
  Moved: ['booked', 'Moved', `${HOST} has moved your appointment.`],
}
const CANCELLED = ['gone', 'Cancelled', 'This appointment is cancelled.']
/** A watch that yields nothing: there is no such Booking, or the cluster is slow. */
const NOT_FOUND = [
  'gone',
  'Not found',
  'We can’t find this appointment: it may have been cancelled. Reload to look again.',
]
const REFUSED = {
  SlotTaken: ['gone', 'Taken', 'Somebody was quicker. Please choose another time.'],
  CancelledAtGoogle: ['gone', 'Cancelled', `${HOST} had to cancel your appointment.`],
  other: ['gone', 'Not possible', 'This time can’t be booked. Please choose another one.'],
}

const escape = (text) => String(text).replace(/[&<>"']/g, (one) => `&#${one.charCodeAt(0)};`)
const inZone = (zone, shape) => new Intl.DateTimeFormat('en-GB', { timeZone: zone, ...shape })
const dayIn = (zone) => inZone(zone, { weekday: 'long', day: 'numeric', month: 'long' })
const timeIn = (zone) => inZone(zone, { hour: '2-digit', minute: '2-digit' })

function outcomeSection([kind, heading, sentence, event], booking, zone) {
  const start = Date.parse(event?.start ?? booking?.spec.start)
  const when = Number.isNaN(start)
    ? ''
    : `<p class="when">${dayIn(zone).format(start)}, ${timeIn(zone).format(start)}</p>`
  const next =
    kind === 'booked'
      ? `<form method="post" action="/bookings/${booking.metadata.name}/cancel"><button class="quiet">Cancel the appointment</button></form>`
      : kind === 'gone'
        ? '<p><a class="button" href="/">See the free times</a></p>'
        : ''
  return `<h1 class="${kind}">${heading}</h1>${when}<p>${escape(sentence)}</p>${next}`
}

function slotsSection(slots, zone) {
  if (!slots) return '<h1>Please come back later</h1><p>The calendar can’t be read at the moment.</p>'
  const days = new Map()
  for (const slot of slots) days.set(dayIn(zone).format(slot), [...(days.get(dayIn(zone).format(slot)) ?? []), slot])
  const choice = (slot) =>
    `<label><input type="radio" name="start" value="${slot}" required><span>${timeIn(zone).format(slot)}</span></label>`
  const fieldsets = [...days].map(
    ([day, its]) => `<fieldset><legend>${day}</legend>${its.map(choice).join('')}</fieldset>`,
  )
  const intro = `<h1>${escape(TITLE)} with ${escape(HOST)}</h1><p>One hour. Times are in ${escape(zone.replaceAll('_', ' '))}.</p>`
  if (slots.length === 0) return `${intro}<p>Nothing is free in the next two weeks.</p>`
  return `${intro}<form method="post" action="/bookings">
<input type="hidden" name="name" value="visit-${randomBytes(16).toString('hex')}"><input type="hidden" name="zone" value="${escape(zone)}">
<div class="days">${fieldsets.join('')}</div>
<div class="who"><label>Your name<input name="visitor" autocomplete="name" maxlength="100" required></label>
<label>Your e-mail address<input name="email" type="email" autocomplete="email" maxlength="254" required></label>
<button>Book it</button></div></form>`
}

const STYLE = `:root { color-scheme: light dark; --line: #8886; --tint: #8881; --link: light-dark(#0b57d0, #a8c7fa) }
* { box-sizing: border-box }
body { margin: 0 auto; max-width: 40rem; padding: 1rem; font: 1rem/1.5 system-ui, sans-serif }
h1 { margin: 1rem 0 .25rem; font-size: 1.5rem; text-transform: none }
h1.booked::before { content: '✓ '; color: light-dark(#176b3a, #7ddc9f) } h1.gone::before { content: '✕ '; color: light-dark(#b3261e, #f2b8b5) }
.when { font-size: 1.125rem; font-weight: 600; margin: .25rem 0 }
fieldset { display: flex; flex-wrap: wrap; gap: .5rem; margin: 1rem 0 0; padding: 0; border: 0 } legend { padding: 0 0 .5rem; font-weight: 600 }
fieldset span { display: block; padding: .5rem .875rem; border: 1px solid var(--line); border-radius: .5rem; cursor: pointer }
fieldset input { position: absolute; opacity: 0 } input:focus-visible + span { outline: 3px solid var(--link) }
input:checked + span { background: var(--link); color: light-dark(#fff, #062e6f); border-color: var(--link) }
form:not(:has(:checked)) .who { display: none }
.who { position: sticky; bottom: 0; display: grid; gap: .75rem; margin: 1.5rem -1rem -1rem; padding: 1rem; background: Canvas; border-top: 1px solid var(--line) }
.who label { display: grid; gap: .25rem } .who input { padding: .5rem; font: inherit; border: 1px solid var(--line); border-radius: .5rem }
button, .button { display: inline-block; padding: .625rem 1rem; font: inherit; font-weight: 600; background: var(--link); color: light-dark(#fff, #062e6f); border: 0; border-radius: .5rem; text-decoration: none; cursor: pointer }
.quiet { background: none; color: inherit; border: 1px solid var(--line) }`
/** Tells the server the visitor's zone, and shows what becomes of the booking without a reload. */
const SCRIPT = `const zone = Intl.DateTimeFormat().resolvedOptions().timeZone, query = new URLSearchParams(location.search)
if (query.get('zone') !== zone) { query.set('zone', zone); location.replace('?' + query) }
const main = document.querySelector('main')
if (main.dataset.live) new EventSource(main.dataset.live).onmessage = ({ data }) => { main.innerHTML = JSON.parse(data) }`
const hashOf = (text) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`
const HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': `default-src 'none'; img-src data:; style-src ${hashOf(STYLE)}; script-src ${hashOf(SCRIPT)}; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'`,
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
}

const page = (
  section,
  live = '',
) => `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${escape(TITLE)}</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,"><style>${STYLE}</style></head>
<body><main aria-live="polite" data-live="${live}">${section}</main><script>${SCRIPT}</script></body></html>`

// --- The six requests ---------------------------------------------------------------------------------------------------------

const show = (response, status, ...content) => response.writeHead(status, HEADERS).end(page(...content))
const redirect = (response, location) => response.writeHead(303, { location }).end()

async function book(request, response) {
  const { name = '', zone, visitor, email, start } = Object.fromEntries(new URLSearchParams(await bodyOf(request)))
  const isOffered = (await freeSlots())?.includes(Number(start)) === true
  if (NAME.exec(name)?.[0] !== name || !isOffered || !visitor)
    return show(
      response,
      409,
      '<h1 class="gone">Not free any more</h1><p><a class="button" href="/">See the free times</a></p>',
    )
  const booking = newBooking({ name, start: Number(start), visitor, email })
  const { ok, status } = await kubernetes('', { method: 'POST', body: JSON.stringify(booking) })
  // The schema of Bookings checks what was typed, such as the address.
  if (status === 422)
    return show(
      response,
      422,
      '<h1>Please check your name and your e-mail address</h1><p><a class="button" href="/">Try again</a></p>',
    )
  // 409: this form was sent before, and has its Booking.
  if (!ok && status !== 409) throw new Error(`The Booking was answered with ${status}.`)
  redirect(response, `/bookings/${name}?${new URLSearchParams({ zone })}`)
}

async function bodyOf(request) {
  let body = ''
  for await (const chunk of request) if ((body += chunk).length > 10_000) throw new Error('The form is too long.')
  return body
}

const PATIENCE_MS = 3_000

/** The page shows the Booking as it is; its script follows the changes. */
async function showBooking(name, zone, response) {
  const { value: booking } = await watchBooking(name, AbortSignal.timeout(PATIENCE_MS))
    .next()
    .catch((error) => {
      if (error.name !== 'TimeoutError') throw error
      return {}
    })
  const changes = `/bookings/${name}/changes?zone=${encodeURIComponent(zone)}`
  if (booking) show(response, 200, outcomeSection(outcomeOf(booking), booking, zone), changes)
  else show(response, 404, outcomeSection(NOT_FOUND, undefined, zone))
}

async function streamChanges(name, zone, response) {
  const closed = new AbortController()
  const send = (outcome, booking) =>
    response.write(`data: ${JSON.stringify(outcomeSection(outcome, booking, zone))}\n\n`)
  // The Booking may have been deleted while the browser connected again.
  const nothing = setTimeout(() => send(NOT_FOUND), PATIENCE_MS)
  response.on('close', () => {
    clearTimeout(nothing)
    closed.abort()
  })
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
  for await (const booking of watchBooking(name, closed.signal)) {
    clearTimeout(nothing)
    send(outcomeOf(booking), booking)
  }
  response.end()
}
const ROUTES = {
  'GET /': async (response, { zone }) => show(response, 200, slotsSection(await freeSlots(), zone)),
  'GET /cancelled': (response) => show(response, 200, outcomeSection(CANCELLED)),
  'POST /bookings': (response, { request }) => book(request, response),
  'GET /bookings/NAME': (response, { name, zone }) => showBooking(name, zone, response),
  'GET /bookings/NAME/changes': (response, { name, zone }) => streamChanges(name, zone, response),
  async 'POST /bookings/NAME/cancel'(response, { name }) {
    const { ok, status } = await kubernetes(`/${name}`, { method: 'DELETE' })
    if (!ok && status !== 404) throw new Error(`The deletion was answered with ${status}.`)
    redirect(response, '/cancelled')
  },
}

async function answer(request, response) {
  const { pathname, searchParams } = new URL(request.url, 'http://site')
  const [name] = NAME.exec(pathname) ?? []
  const route = ROUTES[`${request.method} ${pathname.replace(name, 'NAME')}`]
  if (!route) return show(response, 404, '<h1>There is nothing here</h1>')
  await route(response, { request, name, zone: zoneOf(searchParams.get('zone')) })
}

/** The visitor's zone, where it is one. */
function zoneOf(text) {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: text ?? 'UTC' }).resolvedOptions().timeZone
  } catch {
    return 'UTC'
  }
}

createServer((request, response) => {
  answer(request, response).catch((error) => {
    // Somebody who leaves the page ends its watch.
    if (error.name === 'AbortError') return
    console.error(error.message)
    if (!response.headersSent)
      show(response, 503, '<h1>Please try again later</h1><p>Something went wrong on our side.</p>')
    else response.end()
  })
}).listen(Number(env.PORT ?? 8000), () => console.log(`http://localhost:${env.PORT ?? 8000}`))
