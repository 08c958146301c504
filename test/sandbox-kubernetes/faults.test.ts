import { describe, expect, it } from 'vitest'
import { settle } from '../support/clock.ts'
import { AGENTS, ALL_AGENTS, agent, CONFIG_MAPS, MERGE, SECRETS, secret, started } from './harness.ts'

describe('a fault', () => {
  it('fails the given number of matching requests, with its Retry-After', async () => {
    const { sandbox, send } = await started()
    sandbox.failNext({ method: 'POST', path: '/secrets', status: 429, times: 2, retryAfter: 7 })
    const post = () => send('POST', SECRETS, secret('grant'))
    const first = await post()
    expect(first).toMatchObject({
      status: 429,
      body: { kind: 'Status', reason: 'TooManyRequests', details: { retryAfterSeconds: 7 } },
    })
    expect(first.headers['retry-after']).toBe('7')
    expect((await send('GET', SECRETS)).status).toBe(200)
    expect([(await post()).status, (await post()).status]).toEqual([429, 201])
  })

  it('may break the connection, before anything is written', async () => {
    const { sandbox, send } = await started()
    sandbox.failNext({ path: /configmaps$/, status: 0 })
    const map = { metadata: { name: 'calendar' } }
    await expect(send('POST', CONFIG_MAPS, map)).rejects.toThrow()
    expect(sandbox.get('ConfigMap', 'booking', 'calendar')).toBeUndefined()
    expect((await send('POST', CONFIG_MAPS, map)).status).toBe(201)
  })

  it('holds requests until they are released', async () => {
    const { sandbox, send } = await started()
    const release = sandbox.hang({ method: 'PATCH', path: '/status' })
    sandbox.apply(agent('alice'))
    let answered = false
    const patch = send('PATCH', `${AGENTS}/alice/status`, { status: { observedGeneration: 1 } }, MERGE).then(
      (answer) => {
        answered = true
        return answer
      },
    )
    expect((await send('GET', `${AGENTS}/alice`)).body.status).toEqual({ observedGeneration: -1 })
    await settle()
    expect(answered).toBe(false)
    release()
    expect((await patch).body.status).toEqual({ observedGeneration: 1 })
  })
})

describe('a stop and start', () => {
  it('keeps address, data, users and history', async () => {
    const { sandbox, send, watch } = await started()
    sandbox.apply(agent('alice'))
    const { url } = sandbox
    const open = await watch(`${ALL_AGENTS}?watch=1&resourceVersion=${sandbox.revision()}`)
    const from = sandbox.revision()
    await sandbox.stop()
    await expect(open.next()).rejects.toThrow()
    await expect(send('GET', '/version')).rejects.toThrow()
    sandbox.apply(agent('bob'))
    await sandbox.start()
    expect(sandbox.url).toBe(url)
    const again = await watch(`${ALL_AGENTS}?watch=1&resourceVersion=${from}`)
    expect((await again.next())?.object.metadata.name).toBe('bob')
  })

  it('in another process continues from a snapshot, with the same uids and greater versions', async () => {
    const first = await started()
    const [before] = first.sandbox.apply(agent('alice'))
    first.sandbox.apply({
      ...secret('owned'),
      metadata: { name: 'owned', namespace: 'booking', ownerReferences: [owner(before)] },
    })
    const second = await started({ dataSnapshot: JSON.parse(JSON.stringify(first.sandbox.snapshot())) as never })
    expect(second.sandbox.get('agt', 'booking', 'alice')).toEqual(before)
    const late = await second.watch(`${ALL_AGENTS}?watch=1&resourceVersion=${before?.metadata.resourceVersion ?? ''}`)
    expect(await late.next()).toMatchObject({ type: 'ERROR', object: { code: 410 } })
    const [bob] = second.sandbox.apply(agent('bob'))
    expect(Number(bob?.metadata.resourceVersion)).toBeGreaterThan(Number(before?.metadata.resourceVersion))
    second.sandbox.delete('Agent', 'booking', 'alice')
    await second.sandbox.idle()
    expect(second.sandbox.get('Secret', 'booking', 'owned')).toBeUndefined()
    expect(first.sandbox.get('Secret', 'booking', 'owned')).toBeDefined()
  })
})

const owner = (object: { kind: string; apiVersion: string; metadata: { name: string; uid?: string } } | undefined) => ({
  apiVersion: object?.apiVersion,
  kind: object?.kind,
  name: object?.metadata.name,
  uid: object?.metadata.uid,
})

describe('the request log', () => {
  it('counts by verb, resource and program, with watches apart and without calls in process', async () => {
    const { sandbox, send, watch } = await started()
    sandbox.resetRequests()
    sandbox.apply(agent('alice'))
    const by = { 'user-agent': 'calendar-operator/0.1' }
    await send('GET', AGENTS, undefined, by)
    await send('GET', AGENTS, undefined, { 'user-agent': 'kubectl' })
    await send('PATCH', `${AGENTS}/alice/status`, { status: {} }, { ...MERGE, ...by })
    await send('GET', `${SECRETS}/none`, undefined, by)
    await watch(`${ALL_AGENTS}?watch=true`, by)
    const ours = sandbox.requests({ userAgent: 'calendar-operator/0.1' })
    expect(ours.map(({ verb, resource, subresource, count }) => [verb, resource, subresource, count])).toEqual([
      ['list', 'agents.calendar-operator.io', '', 1],
      ['patch', 'agents.calendar-operator.io', 'status', 1],
      ['get', 'secrets', '', 1],
      ['watch', 'agents.calendar-operator.io', '', 1],
    ])
    expect([sandbox.countRequests(), sandbox.countRequests({ verb: 'list' })]).toEqual([5, 2])
    sandbox.resetRequests()
    expect(sandbox.countRequests()).toBe(0)
  })
})

describe('a listener to writes', () => {
  it('sees every version that is written, and the one before it', async () => {
    const { sandbox, send } = await started()
    const seen: unknown[] = []
    const stop = sandbox.onWrite(({ type, current, before }) =>
      seen.push([type, current.object.status, before?.object.status]),
    )
    sandbox.apply(agent('alice'))
    await send('PATCH', `${AGENTS}/alice/status`, { status: { observedGeneration: 1 } }, MERGE)
    await send('PATCH', `${AGENTS}/alice/status`, { status: { observedGeneration: 1 } }, MERGE)
    stop()
    sandbox.delete('Agent', 'booking', 'alice')
    const [first, then] = [{ observedGeneration: -1 }, { observedGeneration: 1 }]
    expect(seen).toEqual([
      ['ADDED', first, undefined],
      ['MODIFIED', then, first],
    ])
  })
})
