/**
 * The command line of `calendar-operator`: runs the command that was given. Each command loads what it needs when it runs, so that the
 * operator does not keep the others in memory.
 */
import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { Command, Option } from 'commander'
import type { ConnectOptions } from './cli/connect.ts'
import { CONNECT_CODES } from './cli/connect/exit-codes.ts'
import type { StatusOptions } from './cli/status.ts'
import { connect } from './kubernetes/connection.ts'
import { findKubeconfig, type ClusterConfig } from './kubernetes/kubeconfig.ts'
import { systemClock } from './platform/clock.ts'
import { settingsTable, variableOf } from './settings.ts'
import { version } from './version.ts'

/** The process that the program runs in. */
export type Host = NodeJS.Process

/** Runs the command and sets the exit code. `ended` resolves when the process is told to end. */
export async function runProgram(host: Host, ended: Promise<string>): Promise<void> {
  const program = new Command('calendar-operator')
    .description("Connects people's Google calendars to what runs in a Kubernetes cluster.")
    .version(version)
  addRun(program, host, ended)
  addValidate(program, host)
  addStatus(program, host)
  addConnect(program, host)
  await program.parseAsync(host.argv)
}

function addRun(program: Command, host: Host, ended: Promise<string>): void {
  const command = program.command('run').description('run the operator')
  for (const setting of settingsTable) {
    const flags = setting.value ? `--${setting.name} <${setting.value}>` : `--${setting.name} [true|false]`
    const byDefault = setting.default === '' ? '' : ` Default: ${setting.default}.`
    command.option(flags, `${setting.description}${byDefault} [${variableOf(setting)}]`)
  }
  // A wrong flag is a mistake in the settings, just like a wrong value.
  command.exitOverride(({ exitCode }) => host.exit(exitCode === 0 ? 0 : 2))
  command.action(async () => {
    const exit = (code: number): never => host.exit(code)
    const write = (line: string): void => void host.stdout.write(line)
    const writeError = (line: string): void => void host.stderr.write(`${line}\n`)
    const given = { flags: flagsOf(command), env: host.env, kubeconfig: () => kubeconfig(host) }
    const { run } = await import('./run.ts')
    host.exitCode = await run({ ...given, ended, write, writeError, exit })
  })
}

function addValidate(program: Command, host: Host): void {
  program
    .command('validate')
    .description('check manifests offline, as the API server would')
    .argument('<FILE...>', 'YAML or JSON files; - for standard input')
    .addHelpText(
      'after',
      '\nExit code: 0 no problems, 1 there are problems, no object was found, or an option was wrong.',
    )
    .action(async (files: string[]) => {
      const { validate } = await import('./cli/validate.ts')
      host.exitCode = await validate(files, {
        readFile: (path) => readFile(path, 'utf8'),
        readStdin: () => text(host.stdin),
        write: (line) => void host.stdout.write(`${line}\n`),
      })
    })
}

function addStatus(program: Command, host: Host): void {
  program
    .command('status')
    .description('show whether everything works, and who has to do what, and by when')
    .option('-n, --namespace <NAME>', "the namespace to look at; by default the kubeconfig's")
    .option('-A, --all-namespaces', 'look at all namespaces')
    .option('-o, --output <FORMAT>', 'table, json or yaml', 'table')
    .addHelpText('after', '\nExit code: 0 all is well, 1 somebody has to act, 2 the state could not be determined.')
    // With a wrong option, the state of the cluster is not known.
    .exitOverride(({ exitCode }) => host.exit(exitCode === 0 ? 0 : 2))
    .action(async (options: StatusOptions) => {
      // The delay between two attempts does not keep the process alive.
      const alive = setInterval(() => undefined, 2 ** 30)
      const { status } = await import('./cli/status.ts')
      host.exitCode = await status(options, {
        connect: () => connect(kubeconfig(host), systemClock),
        clock: systemClock,
        random: Math.random,
        write: (line) => void host.stdout.write(`${line}\n`),
        writeError: (line) => void host.stderr.write(`${line}\n`),
      })
      clearInterval(alive)
    })
}

function addConnect(program: Command, host: Host): void {
  program
    .command('connect')
    .description("print the link with which an Agent's person signs in, and wait until they have")
    .argument('<AGENT>', 'the name of the Agent')
    .option('-n, --namespace <NAME>', "the Agent's namespace; by default the kubeconfig's")
    .option('--open', 'open the link in a browser')
    .option('--qr', 'show the link as a QR code')
    .addOption(new Option('--wait').default(true).hideHelp())
    .option('--no-wait', 'print the link and end')
    .option('--timeout <DURATION>', 'how long to wait', '15m')
    .addHelpText('after', CONNECT_CODES)
    .exitOverride(({ exitCode }) => host.exit(exitCode === 0 ? 0 : 2))
    .action(async (agent: string, options: ConnectOptions) => {
      const alive = setInterval(() => undefined, 2 ** 30)
      const { connectAgent } = await import('./cli/connect.ts')
      host.exitCode = await connectAgent(agent, options, {
        connect: () => connect(kubeconfig(host), systemClock),
        clock: systemClock,
        random: Math.random,
        write: (line) => void host.stdout.write(`${line}\n`),
        writeError: (line) => void host.stderr.write(`${line}\n`),
        // The operator needs neither, so they are loaded only here.
        open: async (url) => {
          await (await import('open')).default(url)
        },
        qr: async (text) => (await import('uqr')).renderUnicodeCompact(text),
      })
      clearInterval(alive)
    })
}

/** The configuration of the cluster, found as `kubectl` finds it. */
function kubeconfig(host: Host): ClusterConfig {
  return findKubeconfig({ env: host.env, isTerminal: host.stdin.isTTY })
}

/** The flags that were set, by their names. */
function flagsOf(command: Command): Record<string, string> {
  const given: Record<string, string> = {}
  for (const option of command.options) {
    const value: unknown = command.getOptionValue(option.attributeName())
    if (value === true) given[option.name()] = 'true'
    else if (typeof value === 'string') given[option.name()] = value
  }
  return given
}
