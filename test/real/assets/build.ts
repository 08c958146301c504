/** Builds the programs from the Go module proxy: the way that needs no other network, only Go and some minutes. */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Order, Program } from './programs.ts'
import { goBuild, goVersion } from './go.ts'
import { inScratch, install } from './scratch.ts'

/** @throws Error when Go is missing, too old, or a build fails; what was finished before stays. */
export async function buildFromModules(order: Order): Promise<void> {
  const go = await goVersion(order.env)
  const total = order.missing.length
  order.log(`building ${order.missing.join(', ')} with ${go}; once, some ten minutes on two cores`)
  for (const [index, program] of order.missing.entries()) {
    await inScratch(order.directory, async (scratch) => {
      const isEtcd = program === 'etcd'
      await goBuild({
        title: `${program} (${index + 1} of ${total})`,
        module: fileURLToPath(new URL(`../go/${isEtcd ? 'etcd' : 'kubernetes'}`, import.meta.url)),
        target: isEtcd ? '.' : `./${program}`,
        output: join(scratch, program),
        linkerFlags: stamps(program, order.kubernetesVersion),
        env: order.env,
        log: order.log,
      })
      install([program], scratch, order.directory)
    })
  }
}

/** The version has to be linked in: without it, discovery and kubectl's check of its server's age go wrong. */
function stamps(program: Program, version: string): string[] {
  if (program === 'etcd') return []
  const [major = '', minor = ''] = version.split('.')
  const variable = 'k8s.io/component-base/version'
  const said = { gitVersion: `v${version}`, gitMajor: major, gitMinor: minor, gitTreeState: 'clean' }
  return Object.entries(said).map(([name, value]) => `-X ${variable}.${name}=${value}`)
}
