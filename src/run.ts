/** `calendar-operator run`: settings, log and operator in, exit code out. `lifecycle.ts` has everything in between. */
import type { ClusterConfig } from './kubernetes/kubeconfig.ts'
import { createOperator } from './operator.ts'
import { systemClock } from './platform/clock.ts'
import { createLog } from './platform/log.ts'
import { readSettings, SettingsError, type Settings } from './settings.ts'
import { version } from './version.ts'

/** What running the operator needs from its process. */
interface RunDeps {
  flags: Record<string, string>
  env: Record<string, string | undefined>
  kubeconfig: () => ClusterConfig
  /** Resolves with the signal when the process is told to end. */
  ended: Promise<string>
  write: (text: string) => void
  writeError: (line: string) => void
  exit: (code: number) => never
}

/** Runs the operator. Returns the exit code: 0 after an orderly stop, 1 if the start failed, 2 if the settings cannot be used. */
export async function run(deps: RunDeps): Promise<number> {
  let settings: Settings
  try {
    settings = readSettings(deps.flags, deps.env)
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error
    deps.writeError(`The settings are invalid:\n${error.message}`)
    return 2
  }
  const log = createLog({ level: settings.logLevel, clock: systemClock, write: deps.write })
  log.info({ version, node: process.version }, 'starting')
  // Timers of the clock do not keep the process alive, and an idle operator has nothing else that does.
  const alive = setInterval(() => undefined, 2 ** 30)
  const onLeaseLost = (): never => {
    log.error({}, 'the lease is lost: another replica may lead, so this process ends at once')
    return deps.exit(1)
  }
  try {
    const kubeConfig = deps.kubeconfig()
    const operator = createOperator({ settings, kubeConfig, clock: systemClock, random: Math.random, log, onLeaseLost })
    return await operator.run(deps.ended)
  } catch (error) {
    log.error({ error }, 'could not start')
    return 1
  } finally {
    clearInterval(alive)
  }
}
