/**
 * What our program, its users and its tests rely on in the Kubernetes API, as statements. They run on a real kube-apiserver
 * (`test/real/contract.test.ts`), which is right by definition, and on the sandbox (`test/contract/sandbox.test.ts`). Where the
 * two differ, the sandbox is wrong.
 */
import { afterAll, beforeAll, describe } from 'vitest'
import { namespacesOf } from './backend.ts'
import type { Backend } from './backend.ts'
import { deleting } from './statements/deletion.ts'
import { kinds } from './statements/kinds.ts'
import { withKubectl } from './statements/kubectl.ts'
import { listing } from './statements/lists.ts'
import { watching } from './statements/watches.ts'
import { changing, creating } from './statements/writes.ts'

interface Started extends Backend {
  stop(): Promise<void>
}

/** Runs every statement on one backend, with our definitions installed. */
export function kubernetesContract(name: string, start: () => Promise<Started>): void {
  describe(name, () => {
    let started: Started | undefined
    beforeAll(async () => {
      started = await start()
    })
    afterAll(() => started?.stop())

    const backend = (): Backend => {
      if (!started) throw new Error(`${name} did not start`)
      return started
    }
    const newNamespace = namespacesOf(backend)

    creating(newNamespace)
    changing(newNamespace)
    deleting(newNamespace)
    listing(newNamespace)
    watching(newNamespace, backend)
    kinds(newNamespace)
    withKubectl(newNamespace, backend)
  })
}
