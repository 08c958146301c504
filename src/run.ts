/**
 * The life of `calendar-operator run`, from its settings to its exit code: it starts, works until it is told to end, and ends
 * in order. Each end is bounded in time, and a start that fails ends the process with one line that says why.
 */
import type { ClusterConfig } from './kubernetes/kubeconfig.ts'
import { createOperator, type Operator } from './operator.ts'
import { sleep, systemClock } from './platform/clock.ts'
import { createLog, type Log } from './platform/log.ts'
import { readSettings, SettingsError, type Settings } from './settings.ts'
import { version } from './version.ts'

export interface RunDeps {
  flags: Record<string, string>
  env: Record<string, string | undefined>
  kubeconfig: () => ClusterConfig
  /** Resolves when the process is told to end. */
  ended: Promise<string>
  write: (text: string) => void
  complain: (line: string) => void
  exit: (code: number) => never
}

/** The kubelet kills after thirty seconds at the earliest, and the contract says ten. */
const END_WITHIN_MS = 9_500
/** There is no work to end in order where nothing was started. */
const GIVE_UP_WITHIN_MS = 5_000

/** Answers the exit code: 0 after an orderly end, 1 where the start failed, 2 where the settings are not usable. */
export async function run(deps: RunDeps): Promise<number> {
  let settings: Settings
  try {
    settings = readSettings(deps.flags, deps.env)
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error
    deps.complain(`The settings are not usable:\n${error.message}`)
    return 2
  }
  const log = createLog({ level: settings.logLevel, clock: systemClock, write: deps.write })
  log.info({ version, node: process.version }, 'starting')
  // Timers of ours never keep the process alive, and a quiet operator has nothing else: this does.
  const alive = setInterval(() => undefined, 2 ** 30)
  try {
    return await live(deps, log, createdBy(deps, settings, log))
  } catch (error) {
    log.error({ error }, 'could not start')
    return 1
  } finally {
    clearInterval(alive)
  }
}

function createdBy({ kubeconfig, exit }: RunDeps, settings: Settings, log: Log): Operator {
  return createOperator({
    settings,
    kubeConfig: kubeconfig(),
    clock: systemClock,
    random: Math.random,
    log,
    onLeaseLost() {
      log.error({}, 'the lease is lost: somebody else may lead, so this process ends at once')
      exit(1)
    },
  })
}

async function live({ ended }: RunDeps, log: Log, operator: Operator): Promise<number> {
  const started = operator.start().then(() => undefined)
  // A start that is still under way when the end is asked for may fail for that: nobody needs to know.
  started.catch(() => undefined)
  try {
    await Promise.race([started, ended])
  } catch (error) {
    log.error({ error }, 'could not start')
    await within(GIVE_UP_WITHIN_MS, operator.stop())
    return 1
  }
  log.info({ signal: await ended }, 'stopping')
  // What still runs then is ended with the process, and loses nothing that isn't found again.
  await within(END_WITHIN_MS, operator.stop())
  log.info({}, 'stopped')
  return 0
}

const within = (ms: number, end: Promise<unknown>): Promise<unknown> =>
  Promise.race([end.catch(() => undefined), sleep(systemClock, ms)])
