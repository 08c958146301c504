import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'yaml'
import { agent, configMap, secret } from '../backend.ts'
import type { Backend, TestNamespace } from '../backend.ts'

/** What people do with kubectl, and what they see. */
export function withKubectl(newNamespace: () => Promise<TestNamespace>, backend: () => Backend): void {
  describe('kubectl', () => {
    let directory: string
    beforeAll(() => {
      directory = mkdtempSync(join(tmpdir(), 'manifests-'))
    })
    afterAll(() => rmSync(directory, { recursive: true, force: true }))

    /** A namespace, kubectl in it, and a file for a manifest. Skips the statement if there is no kubectl. */
    const kubectlIn = async (skip: () => void) => {
      const run = backend().kubectl
      if (!run) skip()
      const r = await newNamespace()
      const kubectl = (...args: string[]) => run?.('--namespace', r.namespace, ...args) ?? ''
      const file = (manifest: object) => {
        const path = join(directory, `${r.namespace}.json`)
        writeFileSync(path, JSON.stringify(manifest))
        return path
      }
      return { r, kubectl, file, apply: (manifest: object) => kubectl('apply', '-f', file(manifest)) }
    }
    /** Parses a table of kubectl: cells are at least two spaces apart. */
    const cells = (table: string) => {
      const lines = table.trim().split('\n')
      return lines.map((line) => line.trim().split(/ {2,}/))
    }

    it('applies, changes, and leaves unchanged objects alone', async ({ skip }) => {
      const { apply } = await kubectlIn(skip)
      expect(await apply(agent('alice'))).toBe('agent.calendar-operator.io/alice created\n')
      expect(await apply(agent('alice'))).toBe('agent.calendar-operator.io/alice unchanged\n')
      expect(await apply(agent('alice', { suspend: true }))).toBe('agent.calendar-operator.io/alice configured\n')
    })

    it('apply removes what a manifest no longer contains', async ({ skip }) => {
      const { r, apply } = await kubectlIn(skip)
      await apply(agent('alice', { displayName: 'Alice' }))
      await apply(agent('alice'))
      expect((await r.get('agents', '/alice')).body.spec).not.toHaveProperty('displayName')
    })

    it('refuses misspelt fields', async ({ skip }) => {
      const { apply } = await kubectlIn(skip)
      await expect(apply(agent('alice', { acount: 'a' }))).rejects.toThrow('unknown field "spec.acount"')
    })

    it('shows the message of a violated rule', async ({ skip }) => {
      const { apply } = await kubectlIn(skip)
      const full = agent('alice', { publish: { calendar: { name: 'c', detail: 'Full' } } })
      await expect(apply(full)).rejects.toThrow(
        'The Agent "alice" is invalid: spec.publish.calendar.detail: Forbidden: detail Full is allowed only where',
      )
    })

    it('gets a table by a short name, and more columns with -o wide', async ({ skip }) => {
      const { r, kubectl } = await kubectlIn(skip)
      await r.made('agents', agent('alice'))
      const ready = { type: 'Ready', status: 'True', reason: 'Ready', message: 'All is well' }
      const conditions = [{ ...ready, lastTransitionTime: '2026-01-01T00:00:00Z' }]
      await r.patch('agents', '/alice/status', { status: { conditions } })
      const [header, row] = cells(await kubectl('get', 'agt'))
      expect(header).toEqual(['NAME', 'READY', 'REASON', 'ACCOUNT', 'LAST SYNC', 'SIGN IN BY', 'AGE'])
      expect(row?.slice(0, 4)).toEqual(['alice', 'True', 'Ready', 'alice@example.com'])
      const [wide, more] = cells(await kubectl('get', 'agents', '-o', 'wide'))
      expect(wide?.slice(7)).toEqual(['INTEGRATION', 'BUSY', 'WATCHING', 'MESSAGE'])
      expect(more?.slice(-2)).toEqual(['google', 'All is well'])
    })

    it('gets both kinds by their category', async ({ skip }) => {
      const { r, kubectl } = await kubectlIn(skip)
      await r.made('agents', agent('alice'))
      expect(await kubectl('get', 'calendar', '-o', 'name')).toBe('agent.calendar-operator.io/alice\n')
    })

    it('gets the other kinds, each with its columns', async ({ skip }) => {
      const { r, kubectl } = await kubectlIn(skip)
      await r.made('secrets', secret('token', { data: { a: 'YQ==' } }))
      await r.made('configmaps', configMap('calendar', { data: { a: 'b' } }))
      const spec = { holderIdentity: 'operator-1' }
      await r.made('leases', {
        apiVersion: 'coordination.k8s.io/v1',
        kind: 'Lease',
        metadata: { name: 'leader' },
        spec,
      })
      const shown = async (...args: string[]) => cells(await kubectl('get', ...args)).map((line) => line.slice(0, -1))
      expect(await shown('secrets')).toEqual([
        ['NAME', 'TYPE', 'DATA'],
        ['token', 'Opaque', '1'],
      ])
      expect(await shown('configmap', 'calendar')).toEqual([
        ['NAME', 'DATA'],
        ['calendar', '1'],
      ])
      expect(await shown('leases')).toEqual([
        ['NAME', 'HOLDER'],
        ['leader', 'operator-1'],
      ])
      expect(await shown('namespace', r.namespace)).toEqual([
        ['NAME', 'STATUS'],
        [r.namespace, 'Active'],
      ])
    })

    it('gets the whole object, without fields that only the server reads', async ({ skip }) => {
      const { r, kubectl } = await kubectlIn(skip)
      await r.made('agents', agent('alice'))
      const { body } = await r.get('agents', '/alice')
      delete body.metadata.managedFields
      expect(parse(await kubectl('get', 'agent', 'alice', '-o', 'yaml'))).toEqual(body)
    })

    it('gets one value', async ({ skip }) => {
      const { r, kubectl } = await kubectlIn(skip)
      await r.made('agents', agent('alice'))
      expect(await kubectl('get', 'agent', 'alice', '-o', 'jsonpath={.spec.account}')).toBe('alice@example.com')
    })

    it('names an object that does not exist', async ({ skip }) => {
      const { kubectl } = await kubectlIn(skip)
      const missing = 'Error from server (NotFound): agents.calendar-operator.io "nobody" not found'
      await expect(kubectl('get', 'agent', 'nobody')).rejects.toThrow(missing)
    })

    it('describes an object with its Events', async ({ skip }) => {
      const { r, kubectl } = await kubectlIn(skip)
      const { metadata } = await r.made('agents', agent('alice'))
      await r.made('events', {
        metadata: { name: 'alice.1' },
        eventTime: new Date().toISOString().replace('Z', '000Z'),
        type: 'Warning',
        reason: 'GrantExpired',
        action: 'Refresh',
        note: 'Sign in again',
        reportingController: 'calendar-operator.io/agent',
        reportingInstance: 'calendar-operator-1',
        regarding: { kind: 'Agent', name: 'alice', namespace: r.namespace, uid: metadata.uid },
      })
      const described = await kubectl('describe', 'agent', 'alice')
      expect(described).toMatch(/Kind: +Agent\n/)
      expect(described).toMatch(/Warning +GrantExpired +\S+ +calendar-operator.io\/agent +Sign in again/)
    })

    it('waits for a condition of the latest generation', async ({ skip }) => {
      const { r, kubectl } = await kubectlIn(skip)
      await r.made('agents', agent('alice'))
      const waited = kubectl('wait', 'agent/alice', '--for=condition=Ready', '--timeout=90s')
      const ready = {
        type: 'Ready',
        status: 'True',
        reason: 'Ready',
        message: '',
        lastTransitionTime: '2026-01-01T00:00:00Z',
      }
      await r.patch('agents', '/alice/status', { status: { observedGeneration: 1, conditions: [ready] } })
      expect(await waited).toBe('agent.calendar-operator.io/alice condition met\n')
    })

    it('waits for a deletion', async ({ skip }) => {
      const { r, kubectl } = await kubectlIn(skip)
      await r.made('agents', agent('alice', {}, { finalizers: ['calendar-operator.io/revoke'] }))
      const deleted = kubectl('delete', 'agent', 'alice', '--timeout=90s')
      const marked = async () => expect((await r.get('agents', '/alice')).body.metadata.deletionTimestamp).toBeDefined()
      await vi.waitFor(marked, { timeout: 60_000, interval: 50 })
      await r.patch('agents', '/alice', { metadata: { finalizers: null } })
      expect(await deleted).toMatch(/"alice" deleted/)
    })

    it('patches, labels, annotates and deletes', async ({ skip }) => {
      const { r, kubectl } = await kubectlIn(skip)
      await r.made('agents', agent('alice'))
      await kubectl('patch', 'agent', 'alice', '--type=merge', '-p', '{"spec":{"suspend":true}}')
      await kubectl('label', 'agent', 'alice', 'team=a')
      await kubectl('annotate', 'agent', 'alice', 'calendar-operator.io/requestedAt=now')
      expect((await r.get('agents', '/alice')).body).toMatchObject({
        metadata: { labels: { team: 'a' }, annotations: { 'calendar-operator.io/requestedAt': 'now' } },
        spec: { suspend: true },
      })
      expect(await kubectl('delete', 'agent', 'alice')).toMatch(/^agent.calendar-operator.io "alice" deleted/)
      expect((await r.get('agents', '/alice')).status).toBe(404)
    })

    it('creates a Secret from a literal, and replaces it', async ({ skip }) => {
      const { r, kubectl, file } = await kubectlIn(skip)
      await kubectl('create', 'secret', 'generic', 'client', '--from-literal=client_id=a')
      expect((await r.get('secrets', '/client')).body.data).toEqual({ client_id: 'YQ==' })
      const changed = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'client' }, stringData: { client_id: 'b' } }
      await kubectl('replace', '-f', file(changed))
      expect((await r.get('secrets', '/client')).body.data).toEqual({ client_id: 'Yg==' })
    })
  })
}
