/** kube-score checks everything that is installed; exceptions are listed here. */
import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { kubernetesVersion } from '../real/assets.ts'
import { findTool } from '../real/tools.ts'
import type { Manifest } from './support/render.ts'
import { VARIANTS } from './support/variants.ts'

/** Check and what it says → why we do otherwise. */
const OTHERWISE: Record<string, string> = {
  'container-resources: CPU limit is not set':
    'Throttled, it would answer its probes and renew its Lease late; its request is what it gets on a busy node.',
  'container-image-pull-policy: ImagePullPolicy is not set to Always':
    'With Always a node starts nothing while the registry is away, and an image that was loaded onto it is never used. Tags are not moved.',
  'deployment-replicas: Deployment few replicas':
    'One replica at a time acts, and the next one takes over in seconds. Who wants the pages served without a gap takes two.',
  'deployment-has-host-podantiaffinity: Deployment does not have a host podAntiAffinity set':
    'topologySpreadConstraints say the same, for zones too, and leave no replica pending on a cluster of one node.',
}

/** Checks that kube-score makes only when it is asked to. */
const BESIDES = ['container-seccomp-profile', 'container-ports-check']

interface Scored {
  object_name: string
  checks: { check: { id: string }; grade: number; skipped: boolean; comments: { summary: string }[] | null }[]
}

/** Everything that is less than well, once each. */
async function findings(manifests: readonly Manifest[]): Promise<string[]> {
  const optional = BESIDES.flatMap((check) => ['--enable-optional-test', check])
  const version = `v${kubernetesVersion().split('.').slice(0, 2).join('.')}`
  const args = ['score', '--output-format', 'json', '--kubernetes-version', version, ...optional, '-']
  const child = spawn(await findTool('kube-score'), args, { stdio: ['pipe', 'pipe', 'inherit'] })
  child.stdin.end(manifests.map((manifest) => stringify(manifest)).join('---\n'))
  const scored = JSON.parse(await text(child.stdout)) as Scored[]
  expect(scored.map(({ object_name: name }) => name).join()).toContain('Deployment/')
  const good = 10
  const bad = scored.flatMap(({ checks }) => checks.filter(({ grade, skipped }) => !skipped && grade < good))
  return [...new Set(bad.flatMap(({ check, comments }) => (comments ?? []).map(({ summary }) => `${check.id}: ${summary}`)))]
}

describe('kube-score', () => {
  const seen = new Set<string>()

  it.each(VARIANTS)('finds nothing in $variant that is not listed here with a reason', async ({ render }) => {
    const found = await findings(await render())
    for (const finding of found) seen.add(finding)
    expect(found.filter((finding) => !(finding in OTHERWISE))).toEqual([])
  })

  it('still complains of everything that is listed here', () => {
    expect([...seen].sort()).toEqual(Object.keys(OTHERWISE).sort())
  })

  it('finds what is wrong', async () => {
    const manifests = (await VARIANTS[0]!.render()).filter(({ kind }) => kind !== 'NetworkPolicy')
    expect(await findings(manifests)).toContainEqual(expect.stringMatching(/^pod-networkpolicy: /))
  })
})
