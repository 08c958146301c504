/**
 * The test environment for faults: a real API server and a simulated Google, both on the real clock, operators between them, and
 * namespaces with an integration and people. Every status that is visible must obey the rules of kstatus, whatever a fault does.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import { startGoogle, type SimulatedGoogle } from '../../../../sandbox/google/google.ts'
import { systemClock } from '../../../../src/platform/clock.ts'
import type { Client } from '../../../contract/client.ts'
import { seededRandom } from '../../../support/seeded-random.ts'
import { startRealKubernetes, type ClusterOptions, type RealKubernetes } from '../../cluster.ts'
import { Judge } from './judge.ts'
import { patient } from './patient.ts'
import { Replica, userOf, type ReplicaOptions } from './replica.ts'
import { createNamespaceFixture, type NamespaceFixture } from './namespace-fixture.ts'

const HOUR = 60 * 60_000

export class Harness {
  readonly kubernetes: RealKubernetes
  readonly google: SimulatedGoogle
  /** The administrator's client. */
  readonly admin: Client
  readonly #judge: Judge
  readonly #directory = mkdtempSync(join(tmpdir(), 'faults-'))
  readonly #replicas: Replica[] = []
  readonly #client: string
  /** The time from which events are counted: a full hour. */
  readonly #from = Math.ceil(Date.now() / HOUR) * HOUR

  private constructor(kubernetes: RealKubernetes, google: SimulatedGoogle, admin: Client) {
    this.kubernetes = kubernetes
    this.google = google
    this.admin = admin
    this.#judge = new Judge(admin)
    this.#client = google.addClient({ redirectUris: [], javascriptOrigins: ['https://booking.example.com'] }).clientId
  }

  static async start(options?: ClusterOptions): Promise<Harness> {
    const google = await startGoogle({ clock: systemClock, random: seededRandom(7) })
    const kubernetes = await startRealKubernetes(options)
    return new Harness(kubernetes, google, await kubernetes.client())
  }

  namespace(namespace: string): Promise<NamespaceFixture> {
    return createNamespaceFixture({
      google: this.google,
      admin: patient(this.admin),
      namespace,
      client: this.#client,
      from: this.#from,
    })
  }

  /** Starts an operator of this name. */
  async replica(name: string, options: Partial<ReplicaOptions> = {}): Promise<Replica> {
    const kubeconfig = options.kubeconfig ?? (await this.kubernetes.kubeconfig(userOf(name)))
    const log = join(this.#directory, `${name}.log`)
    const replica = new Replica({ googleURL: this.google.url, ...options, name, kubeconfig, log })
    this.#replicas.push(replica)
    return replica
  }

  async stop(): Promise<void> {
    this.#judge.stop()
    for (const replica of this.#replicas) await replica.kill()
    await this.kubernetes.stop()
    await this.google.close()
    rmSync(this.#directory, { recursive: true })
    expect(this.#judge.problems).toEqual([])
    expect(this.#judge.count).toBeGreaterThan(0)
  }
}
