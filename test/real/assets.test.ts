import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { downloadArchive } from './assets/archive.ts'
import { buildFromModules } from './assets/build.ts'
import { findPrograms, kubernetesVersion } from './assets.ts'
import { PROGRAMS } from './assets/programs.ts'
import type { Way } from './assets.ts'
import type { Order } from './assets/programs.ts'

describe('the programs of a control plane', () => {
  let directory: string
  let env: NodeJS.ProcessEnv
  let said: string[]
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'assets-'))
    env = { PATH: process.env.PATH, XDG_CACHE_HOME: join(directory, 'cache') }
    said = []
  })
  afterEach(() => rmSync(directory, { recursive: true, force: true }))

  const log = (line: string) => said.push(line)
  const find = (...ways: Way[]) => findPrograms({ env, log, ways })
  const write = (folder: string, programs: readonly string[], content = 'program') => {
    mkdirSync(folder, { recursive: true })
    for (const program of programs) writeFileSync(join(folder, program), content)
  }
  /** A way that has these programs, and notes what it was asked for. */
  const way = (name: string, programs: readonly string[], asked: string[][] = []): Way => ({
    name,
    provide: async (order) => {
      asked.push([...order.missing])
      write(
        order.directory,
        programs.filter((program) => order.missing.includes(program as 'etcd')),
        name,
      )
    },
  })
  const order = (missing: Order['missing']): Order => {
    const cache = join(directory, 'cache')
    mkdirSync(cache, { recursive: true })
    return { missing, directory: cache, kubernetesVersion: kubernetesVersion(), env, log }
  }

  it('come from KUBEBUILDER_ASSETS if they are there, and only the others from elsewhere', async () => {
    const assets = join(directory, 'assets')
    write(assets, ['etcd', 'kube-apiserver', 'kubectl'])
    env.KUBEBUILDER_ASSETS = assets
    const asked: string[][] = []
    const programs = await find(way('build', PROGRAMS, asked))
    expect(dirname(programs['kube-apiserver'])).toBe(assets)
    expect(asked).toEqual([['kube-controller-manager']])
    expect(readFileSync(programs['kube-controller-manager'], 'utf8')).toBe('build')
  })

  it('are silently taken from the cache once they are there', async () => {
    await find(way('download', PROGRAMS))
    said = []
    await find()
    expect(said).toEqual([])
  })

  it('are made once if two runs need them at the same time', async () => {
    const asked: string[][] = []
    const slow: Way = {
      name: 'slow',
      provide: async (current) => {
        await new Promise((resolve) => setImmediate(resolve))
        await way('slow', PROGRAMS, asked).provide(current)
      },
    }
    const [one, other] = await Promise.all([find(slow), find(slow)])
    expect(asked).toHaveLength(1)
    expect(other).toEqual(one)
    expect(said.join()).toContain(`waiting for process ${process.pid}`)
  })

  it('are made although a dead run holds the lock', async () => {
    const { etcd } = await find(way('first', PROGRAMS))
    rmSync(etcd)
    // No process has a number this high.
    writeFileSync(join(dirname(etcd), 'lock'), '2147483647')
    await find(way('second', PROGRAMS))
    expect(readFileSync(etcd, 'utf8')).toBe('second')
  })

  it('come from the next source if one fails, and the error has the result of each', async () => {
    const broken = (name: string): Way => ({ name, provide: () => Promise.reject(new Error(`${name} is closed`)) })
    await expect(find(broken('download'), broken('build'))).rejects.toThrow(
      /no etcd, kube-apiserver.*KUBEBUILDER_ASSETS[^]*download: download is closed[^]*build: build is closed/,
    )
    await expect(find(broken('download'), way('build', PROGRAMS))).resolves.toBeDefined()
  })

  describe('from the envtest archive', () => {
    it('are verified and unpacked, from the newest patch of our minor version', async () => {
      const site = await serve(archiveOf('1.34.10'))
      await downloadArchive(order(PROGRAMS), site)
      const cache = join(directory, 'cache')
      expect(readdirSync(cache).sort()).toEqual([...PROGRAMS].sort())
      expect(execFileSync(join(cache, 'kube-apiserver')).toString()).toBe('kube-apiserver 1.34.10\n')
      expect(execFileSync(join(cache, 'kube-controller-manager')).toString()).toBe('kube-controller-manager 1.34.10\n')
      expect(said.join('\n')).toContain('sum verified')
    })

    it('are refused and not kept if the checksum is wrong', async () => {
      const site = await serve(archiveOf('1.34.10'), 'f'.repeat(128))
      await expect(downloadArchive(order(PROGRAMS), site)).rejects.toThrow('SHA-512')
      expect(readdirSync(join(directory, 'cache'))).toEqual([])
    })

    it('fail at once if the network is closed, with the name of the host', async () => {
      const closed = downloadArchive(order(PROGRAMS), { index: 'http://127.0.0.1:1/index.yaml' })
      await expect(closed).rejects.toThrow('127.0.0.1:1 is out of reach')
    })

    it('fail if no archive of our minor version is listed', async () => {
      const site = await serve(archiveOf('1.33.12'))
      await expect(downloadArchive(order(PROGRAMS), site)).rejects.toThrow('no envtest archive of Kubernetes v1.34.x')
    })
  })

  describe('built from Go modules', () => {
    /** A `go` that prints its version and runs `build` instead of compiling; `$output` is the file to write. */
    const installGo = (version: string, build: string) => {
      const bin = join(directory, 'bin')
      write(
        bin,
        ['go'],
        `#!/bin/sh\nif [ "$1" = version ]; then echo "go version go${version} linux/amd64"; exit; fi
while [ "$1" != -o ]; do shift; done; output=$2; target=$3\n${build}\n`,
      )
      chmodSync(join(bin, 'go'), 0o755)
      env.PATH = `${bin}:${process.env.PATH ?? ''}`
    }

    it('print what was built, each in the directory of its module', async () => {
      installGo('1.26.8', 'echo "$PWD $target" > "$output"; echo k8s.io/api >&2; echo go: downloading x >&2')
      await buildFromModules(order(['etcd', 'kubectl']))
      expect(readFileSync(join(directory, 'cache', 'etcd'), 'utf8')).toMatch(/go\/etcd \.\n$/)
      expect(readFileSync(join(directory, 'cache', 'kubectl'), 'utf8')).toMatch(/go\/kubernetes \.\/kubectl\n$/)
      expect(said.at(-1)).toMatch(/built kubectl \(2 of 2\): 1 modules downloaded, 1 packages compiled/)
    })

    it('leave no partial program if a build fails, and show the errors of Go', async () => {
      installGo('1.26.8', 'echo half > "$output"; echo "main.go:3: undefined: app" >&2; exit 1')
      await expect(buildFromModules(order(['kubectl']))).rejects.toThrow(
        /go build of kubectl \(1 of 1\) failed:\n.*undefined: app/,
      )
      expect(readdirSync(join(directory, 'cache'))).toEqual([])
    })

    it('remove what an interrupted build left a day ago', async () => {
      installGo('1.26.8', 'echo done > "$output"')
      const { directory: cache } = order([])
      const leftover = join(cache, 'unfinished-old')
      write(leftover, ['kubectl'])
      utimesSync(leftover, 0, 0)
      await buildFromModules(order(['kubectl']))
      expect(readdirSync(cache)).toEqual(['kubectl'])
    })

    it('require a new enough version of Go, and name the version that was found', async () => {
      installGo('1.21.3', 'exit 1')
      await expect(buildFromModules(order(['etcd']))).rejects.toThrow('Go 1.24 or newer is needed, 1.21.3 found')
      env.PATH = directory
      await expect(buildFromModules(order(['etcd']))).rejects.toThrow('Go is not installed')
    })
  })

  it('are of one version of Kubernetes: go.mod names it once for each of its modules', () => {
    const module = readFileSync(new URL('go/kubernetes/go.mod', import.meta.url), 'utf8')
    const replaced = [...module.matchAll(/^\t(k8s\.io\/\S+) => (\S+) (\S+)$/gm)]
    expect(replaced.length).toBeGreaterThan(30)
    for (const [, from, to, version] of replaced) {
      expect([to, version]).toEqual([from, `v0${kubernetesVersion().slice(1)}`])
    }
  })

  interface Archive {
    version: string
    content: Buffer
  }

  /** Laid out as the published ones are. */
  function archiveOf(version: string): Archive {
    const root = join(directory, 'archive')
    for (const program of ['etcd', 'kube-apiserver', 'kubectl']) {
      write(join(root, 'controller-tools/envtest'), [program], `#!/bin/sh\necho ${program} ${version}\n`)
    }
    return { version, content: execFileSync('tar', ['-czf', '-', '-C', root, 'controller-tools']) }
  }

  /** Serves an index with older releases in addition to that archive, and the releases' own host. */
  async function serve({ version, content }: Archive, sum?: string) {
    const name = (release: string) => {
      return `envtest-v${release}-${process.platform}-${process.arch === 'x64' ? 'amd64' : process.arch}.tar.gz`
    }
    const manager = `#!/bin/sh\necho kube-controller-manager ${version}\n`
    const server = createServer((request, response) => {
      const url = request.url ?? ''
      if (url === '/index') response.end(JSON.stringify({ releases: releases() }))
      else if (url.endsWith('.tar.gz')) response.end(content)
      else if (url.endsWith('.sha512')) response.end(`${sha512(manager)}\n`)
      else response.writeHead(url.includes(`/v${version}/bin/`) ? 200 : 404).end(manager)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void server.close())
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const older = `${version.slice(0, version.lastIndexOf('.'))}.9`
    const entry = (release: string, hash: string) => ({
      [name(release)]: { hash, selfLink: `${origin}/${name(release)}` },
    })
    const releases = () => ({
      'v1.9.0': entry('1.9.0', 'older'),
      [`v${older}`]: entry(older, 'older'),
      'v1.34.11-rc.1': entry('1.34.11-rc.1', 'not released'),
      [`v${version}`]: entry(version, sum ?? sha512(content)),
    })
    return { index: `${origin}/index`, releases: origin }
  }
})

function sha512(content: string | Buffer): string {
  return createHash('sha512').update(content).digest('hex')
}
