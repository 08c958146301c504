import { describe, expect, it } from 'vitest'
import { AGENTS, ALL_AGENTS, agent, secret, SECRETS, started } from './harness.ts'

const names = (items: { metadata: { name: string } }[] = []) => items.map(({ metadata }) => metadata.name)

describe('pages', () => {
  it('show the state of the first one, whatever is written meanwhile', async () => {
    const { sandbox, send } = await started()
    sandbox.apply(['a', 'b', 'c', 'd', 'e'].map((name) => agent(name)))
    const { body: first } = await send('GET', `${ALL_AGENTS}?limit=2`)
    expect(first.metadata).toMatchObject({ remainingItemCount: 3 })
    sandbox.delete('Agent', 'booking', 'c')
    sandbox.apply(agent('bb'))
    const { body: second } = await send('GET', `${ALL_AGENTS}?limit=2&continue=${first.metadata.continue ?? ''}`)
    const { body: third } = await send('GET', `${ALL_AGENTS}?limit=2&continue=${second.metadata.continue ?? ''}`)
    expect([first, second, third].flatMap(({ items }) => names(items))).toEqual(['a', 'b', 'c', 'd', 'e'])
    expect(third.metadata.continue).toBeUndefined()
    expect(third.metadata.resourceVersion).toBe(first.metadata.resourceVersion)
  })

  it('are too old once the history is gone', async () => {
    const { sandbox, send } = await started()
    sandbox.apply(['a', 'b', 'c'].map((name) => agent(name)))
    const { body } = await send('GET', `${ALL_AGENTS}?limit=1`)
    sandbox.compact()
    const late = await send('GET', `${ALL_AGENTS}?limit=1&continue=${body.metadata.continue ?? ''}`)
    expect(late).toMatchObject({ status: 410, body: { reason: 'Expired' } })
  })
})

describe('a list', () => {
  it('of a future version asks to retry', async () => {
    const { sandbox, send } = await started()
    const answer = await send('GET', `${AGENTS}?resourceVersion=${sandbox.revision() + 5}`)
    expect(answer).toMatchObject({ status: 504, body: { reason: 'Timeout', details: { retryAfterSeconds: 1 } } })
  })

  it('of Secrets omits their kind, as the API server does', async () => {
    const { sandbox, send } = await started()
    sandbox.apply(secret('grant'))
    const { body } = await send('GET', SECRETS)
    expect(body.kind).toBe('SecretList')
    expect(body.items?.[0]).not.toHaveProperty('kind')
    expect((await send('GET', `${SECRETS}/grant`)).body.kind).toBe('Secret')
  })

  it.each([
    ['team=a', ['a']],
    ['team==a', ['a']],
    ['team!=a', ['b', 'none']],
    ['team in (a,b)', ['a', 'b']],
    ['team notin (a)', ['b', 'none']],
    ['team', ['a', 'b']],
    ['!team', ['none']],
    ['team,tier=web', ['b']],
    ['team in (a, b),tier notin (web, db)', ['a']],
  ])('by the label selector %s has what matches it', async (selector, expected) => {
    const { sandbox } = await started()
    const labels = { a: { team: 'a' }, b: { team: 'b', tier: 'web' }, none: {} }
    sandbox.apply(Object.entries(labels).map(([name, own]) => agent(name, {}, { labels: own })))
    expect(names(sandbox.list('agents', 'booking', selector))).toEqual(expected)
  })

  it.each([
    ['spec.account=b@example.com', ['b']],
    ['spec.account!=b@example.com,metadata.name!=a', ['c']],
    ['metadata.namespace=booking', ['a', 'b', 'c']],
    ['spec.integrationRef.name=none', []],
  ])('by the field selector %s has what matches it', async (selector, expected) => {
    const { sandbox, send } = await started()
    sandbox.apply(['a', 'b', 'c'].map((name) => agent(name)))
    const { body } = await send('GET', `${ALL_AGENTS}?fieldSelector=${encodeURIComponent(selector)}`)
    expect(names(body.items)).toEqual(expected)
  })

  it('of everything is refused for what the sandbox does not hold, by name', async () => {
    const { send } = await started()
    const pods = await send('GET', '/api/v1/pods')
    expect(pods.status).toBe(404)
    expect(pods.body.message).toContain("this sandbox doesn't hold pods (v1), only Namespaces, Secrets")
    expect((await send('GET', `${AGENTS}/alice/scale`)).body.message).toContain('agents have no scale in this sandbox')
    expect((await send('PUT', AGENTS, {})).status).toBe(405)
    expect((await send('GET', AGENTS, undefined, { accept: 'text/html' })).status).toBe(406)
  })
})
