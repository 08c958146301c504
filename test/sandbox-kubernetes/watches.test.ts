import { describe, expect, it } from 'vitest'
import { AGENTS, ALL_AGENTS, agent, SECRETS, secret, started, type OpenWatch } from './harness.ts'

const TABLE = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json' }
const nameAndType = async (watch: OpenWatch) => {
  const event = await watch.next()
  return event && `${event.type} ${event.object.metadata.name}`
}

describe('a watch', () => {
  it('gets a bookmark each minute on request, with the revision of the last write', async () => {
    const { clock, sandbox, watch } = await started()
    const quiet = await watch(`${ALL_AGENTS}?watch=1&resourceVersion=${sandbox.revision()}&allowWatchBookmarks=true`)
    sandbox.apply(secret('elsewhere'))
    await clock.advance(60_000)
    const bookmark = await quiet.next()
    expect(bookmark).toMatchObject({
      type: 'BOOKMARK',
      object: { kind: 'Agent', metadata: { resourceVersion: String(sandbox.revision()) } },
    })
    await clock.advance(60_000)
    expect((await quiet.next())?.type).toBe('BOOKMARK')
  })

  it('continues from a bookmark without a gap', async () => {
    const { clock, sandbox, watch } = await started()
    const first = await watch(`${ALL_AGENTS}?watch=1&resourceVersion=${sandbox.revision()}&allowWatchBookmarks=true`)
    await clock.advance(60_000)
    const from = (await first.next())?.object.metadata.resourceVersion ?? ''
    first.close()
    sandbox.apply([agent('alice'), agent('bob')])
    const second = await watch(`${ALL_AGENTS}?watch=1&resourceVersion=${from}`)
    expect([await nameAndType(second), await nameAndType(second)]).toEqual(['ADDED alice', 'ADDED bob'])
  })

  it('ends in an orderly way after its timeout, with a last bookmark', async () => {
    const { clock, sandbox, watch } = await started()
    const short = await watch(
      `${ALL_AGENTS}?watch=1&resourceVersion=${sandbox.revision()}&timeoutSeconds=30&allowWatchBookmarks=true`,
    )
    await clock.advance(27_999)
    expect(sandbox.openWatches()).toBe(1)
    await clock.advance(2_001)
    expect((await short.next())?.type).toBe('BOOKMARK')
    expect(await short.next()).toBeUndefined()
    expect([sandbox.openWatches(), clock.pending]).toEqual([0, []])
  })

  it('gets an event with 410 once the history that it needs is gone', async () => {
    const { sandbox, watch } = await started()
    const from = sandbox.revision()
    sandbox.apply(agent('alice'))
    sandbox.compact()
    const late = await watch(`${ALL_AGENTS}?watch=1&resourceVersion=${from}`)
    expect(await late.next()).toMatchObject({ type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired' } })
    expect(await late.next()).toBeUndefined()
    const fresh = await watch(`${ALL_AGENTS}?watch=1&resourceVersion=${sandbox.revision()}`)
    sandbox.apply(agent('bob'))
    expect(await nameAndType(fresh)).toBe('ADDED bob')
  })

  it('gets 410 too if more was written than the history holds', async () => {
    const { sandbox, watch } = await started()
    const from = sandbox.revision()
    for (let n = 0; n < 10_001; n++)
      sandbox.apply(secret('busy', { data: { n: Buffer.from(String(n)).toString('base64') } }))
    const late = await watch(`${SECRETS}?watch=1&resourceVersion=${from}`)
    expect(await late.next()).toMatchObject({ type: 'ERROR', object: { code: 410 } })
  })

  it('from a future revision shows only what comes after it', async () => {
    const { sandbox, watch } = await started()
    const early = await watch(`${ALL_AGENTS}?watch=1&resourceVersion=${sandbox.revision() + 1}`)
    sandbox.apply([agent('alice'), agent('bob')])
    expect(await nameAndType(early)).toBe('ADDED bob')
  })

  it('as a table has one row for each event', async () => {
    const { sandbox, watch } = await started()
    const table = await watch(`${ALL_AGENTS}?watch=1&resourceVersion=${sandbox.revision()}`, TABLE)
    sandbox.apply(agent('alice'))
    const event = await table.next()
    expect(event).toMatchObject({ type: 'ADDED', object: { kind: 'Table' } })
    expect(event?.object.rows?.map(({ cells }) => cells[0])).toEqual(['alice'])
  })

  it('of the core group shows Events with the core field names', async () => {
    const { sandbox, watch } = await started()
    const core = await watch('/api/v1/namespaces/booking/events?watch=1&resourceVersion=0')
    sandbox.apply({
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      metadata: { name: 'alice.1', namespace: 'booking' },
      regarding: { kind: 'Agent', name: 'alice', namespace: 'booking' },
      eventTime: '2026-11-23T10:00:00.000000Z',
      ...{ type: 'Normal', reason: 'Granted', action: 'SignIn', note: 'Signed in' },
      ...{ reportingController: 'calendar-operator', reportingInstance: 'one' },
    })
    const event = await core.next()
    expect(event?.object).toMatchObject({ apiVersion: 'v1', involvedObject: { name: 'alice' }, message: 'Signed in' })
    expect(event?.object).not.toHaveProperty('note')
  })

  it('breaks without an end when it is dropped, and the next one continues', async () => {
    const { sandbox, watch } = await started()
    const from = sandbox.revision()
    const first = await watch(`${ALL_AGENTS}?watch=1&resourceVersion=${from}`)
    sandbox.dropWatches()
    sandbox.apply(agent('alice'))
    await expect(first.next()).rejects.toThrow()
    const second = await watch(`${ALL_AGENTS}?watch=1&resourceVersion=${from}`)
    expect(await nameAndType(second)).toBe('ADDED alice')
  })

  it('leaves nothing behind when its client disconnects', async () => {
    const { clock, sandbox, watch, send } = await started()
    const gone = await watch(`${AGENTS}?watch=1&allowWatchBookmarks=true&resourceVersion=${sandbox.revision()}`)
    gone.close()
    while (sandbox.openWatches() > 0) await send('GET', '/version')
    expect(clock.pending).toEqual([])
  })
})
