/** Credential plugins, as programs that really run: what they are told, and what is made of their answers. */
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { CredentialsError, ExecPlugin } from '../../src/kubernetes/exec-plugin.ts'
import type { KubeconfigSources } from '../../src/kubernetes/kubeconfig.ts'
import { ManualClock, settle } from '../support/clock.ts'
import { configOf } from './support/kubeconfig.ts'
import { until } from './support/wait.ts'

const V1 = 'client.authentication.k8s.io/v1'
const SECRET = 'ya29-secret'

let clock: ManualClock
let directory: string

beforeEach(async () => {
  clock = new ManualClock()
  directory = await mkdtemp(join(tmpdir(), 'plugin-'))
})

afterEach(() => rm(directory, { recursive: true }))

interface Setting extends Partial<KubeconfigSources> {
  exec?: object
  cluster?: object
}

/** A plugin that does what the lines of `script` say. */
async function pluginOf(script: string, { exec = {}, cluster = {}, ...sources }: Setting = {}): Promise<ExecPlugin> {
  const command = join(directory, 'login')
  await writeFile(command, `#!/bin/sh\necho run >> ${directory}/runs\n${script}\n`)
  await chmod(command, 0o755)
  const config = configOf(
    {
      cluster: { server: 'https://10.0.0.1', ...cluster },
      user: { exec: { apiVersion: V1, command, interactiveMode: 'Never', ...exec } },
    },
    { env: { PATH: process.env.PATH }, ...sources },
  )
  if (!config.user.exec) throw new Error('the config has no plugin')
  return new ExecPlugin(config.user.exec, config, clock)
}

const printing = (answer: unknown): string => `cat <<'EOF'\n${JSON.stringify(answer)}\nEOF`
const credential = (status: object, rest: object = {}): object => ({
  kind: 'ExecCredential',
  apiVersion: V1,
  status,
  ...rest,
})
const written = (name: string): Promise<string> => readFile(join(directory, name), 'utf8').catch(() => '')
const runs = async (): Promise<number> => (await written('runs')).split('\n').length - 1

const refusalOf = async (plugin: ExecPlugin): Promise<CredentialsError> =>
  plugin.credential(undefined).then(
    () => Promise.reject(new Error('it gave credentials')),
    (error: unknown) => error as CredentialsError,
  )

describe('an answer', () => {
  const pem = { clientCertificateData: 'CERT', clientKeyData: 'KEY' }

  it.each<[string, object, object]>([
    ['a token', { token: 'tea' }, { token: 'tea', certificate: '', key: '', expiresAt: Infinity }],
    ['a certificate with its key', pem, { token: '', certificate: 'CERT', key: 'KEY' }],
    [
      'a time of expiry',
      { token: 'tea', expirationTimestamp: '2026-12-01T00:00:00Z' },
      { expiresAt: Date.UTC(2026, 11, 1) },
    ],
    ['a time that is none', { token: 'tea', expirationTimestamp: 'soon' }, { expiresAt: Infinity }],
  ])('may hold %s', async (_, status, expected) => {
    const plugin = await pluginOf(printing(credential(status)))
    expect(await plugin.credential(undefined)).toMatchObject(expected)
  })

  it.each<[string, unknown]>([
    ['something else', credential({ token: SECRET }, { kind: 'Token' })],
    ['another version', credential({ token: SECRET }, { apiVersion: 'client.authentication.k8s.io/v1beta1' })],
    ['no status', { ...credential({}), status: undefined, token: SECRET }],
    ['neither a token nor a certificate', credential({ access_token: SECRET })],
    ['neither a token nor a certificate', credential({ token: 12345 })],
    ['a certificate or a key alone', credential({ clientCertificateData: SECRET })],
    ['a certificate or a key alone', credential({ token: SECRET, clientKeyData: SECRET })],
    ['no JSON', SECRET],
  ])('that holds %s is refused, and not repeated', async (what, answer) => {
    const error = await refusalOf(await pluginOf(printing(answer)))
    expect(error).toBeInstanceOf(CredentialsError)
    expect(error.isFinal).toBe(true)
    expect(error.message).toBe(`the plugin login printed ${what}: expected an ExecCredential of ${V1}`)
  })
})

describe('a run', () => {
  it('that was killed, or that prints without end, is an error', async () => {
    const killed = await refusalOf(await pluginOf('kill -9 $$'))
    expect(killed.message).toBe('the plugin login ended with signal SIGKILL: run it by hand to see more')
    const endless = await refusalOf(await pluginOf('exec yes'))
    expect(endless.message).toBe('the plugin login printed too much: run it by hand to see more')
  })

  it.each([
    ['a minute', false, 60_000],
    ['five minutes, if it may ask a person', true, 5 * 60_000],
  ])('that does not end is killed after %s', async (_, isTerminal, longest) => {
    const exec = { interactiveMode: 'IfAvailable' }
    const plugin = await pluginOf(`echo $$ > ${directory}/pid; exec sleep 600`, { exec, isTerminal })
    let message: string | undefined
    void refusalOf(plugin).then((error) => (message = error.message))
    while ((await written('pid')) === '') await settle()
    const pid = Number(await written('pid'))
    await clock.advance(longest - 1)
    expect(message).toBeUndefined()
    await clock.advance(1)
    await until('it has failed', () => message !== undefined)
    expect(message).toBe('the plugin login did not end in time: run it by hand to see more')
    await until('it is gone', () => !isRunning(pid))
  })

  it('is not made again for each request where our clock is so wrong that every credential has expired', async () => {
    const plugin = await pluginOf(printing(credential({ token: 'tea', expirationTimestamp: '2020-01-01T00:00:00Z' })))
    for (let request = 0; request < 3; request++) await plugin.credential(undefined)
    expect(await runs()).toBe(1)
    clock.jump(5_000)
    await plugin.credential(undefined)
    expect(await runs()).toBe(2)
  })
})

const isRunning = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

describe('a plugin is told', () => {
  const telling = `printf %s "$KUBERNETES_EXEC_INFO" > DIR/info; printf '%s,' "$@" "$OWN" "$OUTER" > DIR/called; ${printing(credential({ token: 'tea' }))}`
  const toldBy = async (setting: Setting, ca?: string): Promise<{ spec: Record<string, unknown> }> => {
    await (await pluginOf(telling.replaceAll('DIR', directory), setting)).credential(ca)
    return JSON.parse(await written('info')) as { spec: Record<string, unknown> }
  }

  it('its version, and nothing of the cluster unless it asks for that', async () => {
    expect(await toldBy({}, 'CA')).toEqual({ kind: 'ExecCredential', apiVersion: V1, spec: { interactive: false } })
  })

  it('all about the cluster if it asks for that', async () => {
    const cluster = {
      'tls-server-name': 'api.internal',
      'proxy-url': 'http://10.0.0.2:3128',
      'disable-compression': true,
      extensions: [{ name: 'client.authentication.k8s.io/exec', extension: { audience: 'a' } }],
    }
    const exec = { provideClusterInfo: true }
    expect((await toldBy({ exec, cluster }, 'CA')).spec.cluster).toEqual({
      server: 'https://10.0.0.1',
      'tls-server-name': 'api.internal',
      'certificate-authority-data': 'Q0E=',
      'proxy-url': 'http://10.0.0.2:3128',
      'disable-compression': true,
      config: { audience: 'a' },
    })
    expect((await toldBy({ exec, cluster: { 'insecure-skip-tls-verify': true } })).spec.cluster).toEqual({
      server: 'https://10.0.0.1',
      'insecure-skip-tls-verify': true,
      config: null,
    })
    // A proxy of the environment is in the environment of the plugin, too.
    const env = { PATH: process.env.PATH, HTTPS_PROXY: 'http://10.0.0.3:3128' }
    expect((await toldBy({ exec, env })).spec.cluster).not.toHaveProperty('proxy-url')
  })

  it('its arguments, and the variables of its own before those of our environment', async () => {
    const exec = {
      args: ['one', 'two three'],
      env: [
        { name: 'OWN', value: 'mine' },
        { name: 'OUTER', value: 'changed' },
      ],
    }
    await toldBy({ exec, env: { PATH: process.env.PATH, OUTER: 'outer' } })
    expect(await written('called')).toBe('one,two three,mine,changed,')
    await toldBy({ env: { PATH: process.env.PATH, OUTER: 'outer' } })
    expect(await written('called')).toBe(',outer,')
  })

  it.each([
    ['Never', true, false],
    ['IfAvailable', true, true],
    ['IfAvailable', false, false],
    ['Always', true, true],
  ])('whether it may ask a person: %s, at a terminal: %s', async (interactiveMode, isTerminal, interactive) => {
    expect((await toldBy({ exec: { interactiveMode }, isTerminal })).spec).toEqual({ interactive })
  })

  it('nothing if it must ask a person where there is none', async () => {
    const error = await refusalOf(await pluginOf(telling, { exec: { interactiveMode: 'Always' } }))
    expect(error.message).toBe('the plugin login wants to ask a person, and standard input is not a terminal')
    expect(await runs()).toBe(0)
  })
})
