/** A Lease that only the processes of one replica hold: a member's in a ring. */
import { beforeEach, describe, expect, it } from 'vitest'
import { settle } from '../support/clock.ts'
import { LeaseFixture, SECOND } from './support/lease.ts'

let fixture: LeaseFixture
let clock: LeaseFixture['clock']
let server: LeaseFixture['server']
let told: LeaseFixture['told']

beforeEach(() => {
  fixture = new LeaseFixture()
  ;({ clock, server, told } = fixture)
})

const annotations = (process: string) => ({ 'calendar-operator.io/process': process })

describe('a member', () => {
  it('creates a Lease that it holds in its own name, with its labels, and tells its process by an annotation', async () => {
    fixture.member('a')
    await settle()
    expect(server.lease).toMatchObject({
      metadata: { name: 'calendar-operator', labels: { ring: 'ours' }, annotations: annotations('a') },
      spec: { holderIdentity: 'calendar-operator', leaseDurationSeconds: 15 },
    })
  })

  it('loses a Lease that somebody deletes, and does not create it again', async () => {
    const member = await fixture.leader(fixture.member('a'))
    server.lease = undefined
    await clock.advance(30 * SECOND)
    expect([told, member.leading, server.lease]).toEqual([['a leads', 'a lost'], false, undefined])
    await expect(member.assertLeading()).rejects.toThrow('does not lead')
  })

  it('loses a Lease that the sharder takes', async () => {
    const member = await fixture.leader(fixture.member('a'))
    server.edit(({ spec }) =>
      Object.assign(spec, { holderIdentity: 'shardlease-controller', leaseDurationSeconds: 30 }),
    )
    await clock.advance(2 * SECOND)
    expect([told, member.leading]).toEqual([['a leads', 'a lost'], false])
  })

  it('keeps the labels that the sharder puts on the Lease, and goes on', async () => {
    const member = await fixture.leader(fixture.member('a'))
    server.edit(({ metadata }) => (metadata.labels = { ...metadata.labels, state: 'ready' }))
    await clock.advance(30 * SECOND)
    expect([member.leading, server.lease?.metadata.labels]).toEqual([true, { ring: 'ours', state: 'ready' }])
  })

  it('that starts again waits until the Lease of its killed process has not changed for fifteen seconds', async () => {
    const killed = await fixture.leader(fixture.member('a'))
    await killed.stop(false)
    const again = fixture.member('b')
    await settle()
    await clock.advance(14 * SECOND)
    expect(again.leading).toBe(false)
    await clock.advance(3 * SECOND)
    expect(again.leading).toBe(true)
    expect(server.lease?.metadata).toMatchObject({ labels: { ring: 'ours' }, annotations: annotations('b') })
  })

  it('that starts again takes a Lease that the sharder has taken after the duration that the sharder wrote', async () => {
    const killed = await fixture.leader(fixture.member('a'))
    await killed.stop(false)
    server.edit(({ spec }) =>
      Object.assign(spec, { holderIdentity: 'shardlease-controller', leaseDurationSeconds: 30 }),
    )
    const again = fixture.member('b')
    await settle()
    await clock.advance(29 * SECOND)
    expect(again.leading).toBe(false)
    await clock.advance(4 * SECOND)
    expect(again.leading).toBe(true)
  })

  it('that starts again creates the Lease that the sharder has deleted', async () => {
    const ended = await fixture.leader(fixture.member('a'))
    await ended.stop()
    server.lease = undefined
    const again = fixture.member('b')
    await settle()
    expect(again.leading).toBe(true)
  })
})
