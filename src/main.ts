/**
 * `calendar-operator`: the front door. It reads the command line, builds the one thing that was asked for, and turns
 * signals into an orderly end.
 */
import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { Command, Option } from 'commander'
import { status, type StatusOptions } from './cli/status.ts'
import { connectAgent, CONNECT_CODES, type ConnectOptions } from './cli/connect.ts'
import { validate } from './cli/validate.ts'
import { connect } from './kubernetes/connection.ts'
import { findKubeconfig, type ClusterConfig } from './kubernetes/kubeconfig.ts'
import { createOperator } from './operator.ts'
import { systemClock } from './platform/clock.ts'
import { createLog } from './platform/log.ts'
import { readSettings, settingsTable, variableOf, SettingsError } from './settings.ts'
import { version } from './version.ts'

const program = new Command('calendar-operator')
  .description("Connects people's Google calendars to what runs in a Kubernetes cluster.")
  .version(version)

const run = program.command('run').description('run the operator')
for (const setting of settingsTable) {
  const flags = setting.value ? `--${setting.name} <${setting.value}>` : `--${setting.name} [true|false]`
  const byDefault = setting.default === '' ? '' : ` Default: ${setting.default}.`
  run.option(flags, `${setting.description}${byDefault} [${variableOf(setting)}]`)
}
run.action(async (_options, command: Command) => {
  process.exitCode = await runOperator(flagsOf(command))
})

program
  .command('validate')
  .description('check manifests offline, as the API server would')
  .argument('<FILE...>', 'YAML or JSON files; - for standard input')
  .action(async (files: string[]) => {
    process.exitCode = await validate(files, {
      readFile: (path) => readFile(path, 'utf8'),
      readStdin: () => text(process.stdin),
      write: (line) => void process.stdout.write(`${line}\n`),
    })
  })

program
  .command('status')
  .description('one look at everything: what is well, and who has to do what by when')
  .option('-n, --namespace <NAME>', "look at this namespace; the kubeconfig's where nothing is said")
  .option('-A, --all-namespaces', 'look at all namespaces')
  .option('-o, --output <FORMAT>', 'table, json or yaml', 'table')
  .addHelpText('after', '\nExit code: 0 all is well, 1 somebody has to act, 2 it cannot be told.')
  // A wrong option says nothing about the cluster.
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2))
  .action(async (options: StatusOptions) => {
    // The pause between two tries does not keep the process alive.
    const alive = setInterval(() => undefined, 2 ** 30)
    process.exitCode = await status(options, {
      connect: () => connect(kubeconfig(), systemClock),
      clock: systemClock,
      random: Math.random,
      write: (line) => void process.stdout.write(`${line}\n`),
      complain: (line) => void process.stderr.write(`${line}\n`),
    })
    clearInterval(alive)
  })

program
  .command('connect')
  .description("print the link by which an Agent's person signs in, and wait until that has happened")
  .argument('<AGENT>', 'the name of the Agent')
  .option('-n, --namespace <NAME>', "its namespace; the kubeconfig's where nothing is said")
  .option('--open', 'open the link in a browser')
  .option('--qr', 'show the link as a QR code')
  .addOption(new Option('--wait').default(true).hideHelp())
  .option('--no-wait', 'print the link and end')
  .option('--timeout <DURATION>', 'how long to wait', '15m')
  .addHelpText('after', CONNECT_CODES)
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2))
  .action(async (agent: string, options: ConnectOptions) => {
    const alive = setInterval(() => undefined, 2 ** 30)
    process.exitCode = await connectAgent(agent, options, {
      connect: () => connect(kubeconfig(), systemClock),
      clock: systemClock,
      random: Math.random,
      write: (line) => void process.stdout.write(`${line}\n`),
      complain: (line) => void process.stderr.write(`${line}\n`),
      // Neither is of any use to the operator itself, so neither is loaded with it.
      open: async (url) => {
        await (await import('open')).default(url)
      },
      qr: async (text) => (await import('uqr')).renderUnicodeCompact(text),
    })
    clearInterval(alive)
  })

await program.parseAsync()

/** As `kubectl` finds it. */
function kubeconfig(): ClusterConfig {
  return findKubeconfig({ env: process.env, isTerminal: process.stdin.isTTY })
}

/** The flags that were given, under their own names. */
function flagsOf(command: Command): Record<string, string> {
  const given: Record<string, string> = {}
  for (const option of command.options) {
    const value: unknown = command.getOptionValue(option.attributeName())
    if (value === true) given[option.name()] = 'true'
    else if (typeof value === 'string') given[option.name()] = value
  }
  return given
}

/** Runs until a signal; answers the exit code. */
async function runOperator(flags: Record<string, string>): Promise<number> {
  let settings
  try {
    settings = readSettings(flags, process.env)
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error
    process.stderr.write(`The settings are not usable:\n${error.message}\n`)
    return 2
  }
  const write = (line: string): void => void process.stdout.write(line)
  const log = createLog({ level: settings.logLevel, clock: systemClock, write })
  const operator = createOperator({
    settings,
    kubeConfig: kubeconfig(),
    clock: systemClock,
    random: Math.random,
    log,
    onLeaseLost() {
      log.error({}, 'the lease is lost: somebody else may lead, so this process ends at once')
      process.exit(1)
    },
  })
  const signal = new Promise<NodeJS.Signals>((resolve) => {
    process.once('SIGTERM', resolve)
    process.once('SIGINT', resolve)
  })
  // Timers of ours never keep the process alive, and a quiet operator has nothing else: this does.
  const alive = setInterval(() => undefined, 2 ** 30)
  log.info({ version, node: process.version }, 'starting')
  const started = operator.start().catch((error: unknown) => {
    log.error({ error }, 'could not start')
    return 'failed' as const
  })
  if ((await Promise.race([started, signal])) === 'failed') return 1
  log.info({ signal: await signal }, 'stopping')
  // The end is bounded: what still runs then is ended with the process, and loses nothing that isn't found again.
  setTimeout(() => process.exit(0), 9_500).unref()
  await operator.stop()
  clearInterval(alive)
  log.info({}, 'stopped')
  return 0
}
