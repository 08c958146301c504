/**
 * The second part of `make soak`: kills the operator as it ships with SIGKILL, a dozen times during a burst of Bookings, on the
 * sandbox. In the end each Booking must have exactly one event, or must be refused and have none. SEED=… repeats the order of
 * kills. It exits with 1 if something is lost, doubled or left over.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startGoogle } from '../sandbox/google/google.ts'
import { startKubernetes } from '../sandbox/kubernetes/server.ts'
import { systemClock } from '../src/platform/clock.ts'
import { crds } from '../src/resources/generated/crds.ts'
import { connect } from '../test/contract/client.ts'
import { createNamespaceFixture } from '../test/real/faults/support/namespace-fixture.ts'
import { Replica } from '../test/real/faults/support/replica.ts'
import { seededRandom } from '../test/support/seeded-random.ts'
import { exitOnSignals } from './bench-world.ts'
import { killDuringBurst } from './kills/burst.ts'

const KILLS = 12

async function kill(seed: number): Promise<boolean> {
  console.log(`killing the operator ${KILLS} times during a burst of Bookings (SEED=${seed})`)
  const directory = mkdtempSync(join(tmpdir(), 'kills-'))
  const kubeconfig = join(directory, 'kubeconfig')
  const google = await startGoogle({ clock: systemClock, random: seededRandom(seed) })
  const kubernetes = await startKubernetes({ clock: systemClock, crds })
  writeFileSync(kubeconfig, kubernetes.kubeconfig())
  const admin = await connect(kubeconfig)
  const { clientId: client } = google.addClient({ javascriptOrigins: ['https://booking.example.com'] })
  const fixture = await createNamespaceFixture({ google, admin, namespace: 'booking', client, from: Date.now() })
  const log = join(directory, 'operator.log')
  const replica = new Replica({ name: 'operator', kubeconfig, googleURL: google.url, log })
  const deps = {
    fixture,
    google,
    replica,
    random: seededRandom(seed),
    kills: KILLS,
    say: (line: string) => console.log(line),
  }
  const problems = await killDuringBurst(deps).catch((error: unknown) => [`${String(error)}\n${replica.tail()}`])
  await replica.kill()
  await admin.close()
  await Promise.all([kubernetes.stop(), google.close()])
  rmSync(directory, { recursive: true })
  for (const problem of problems) console.log(`FAULT: ${problem}`)
  if (problems.length === 0) console.log('Each Booking has its event, or none if it was refused.')
  return problems.length === 0
}

exitOnSignals()
process.exit((await kill(Number(process.env.SEED || Date.now() % 1_000_000))) ? 0 : 1)
