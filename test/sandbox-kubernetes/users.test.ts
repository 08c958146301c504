import { KubeConfig } from '@kubernetes/client-node'
import { request } from 'node:https'
import { describe, expect, it } from 'vitest'
import { started } from './harness.ts'

/** The status of a request with the credentials of a kubeconfig, as client-node reads it. */
async function statusWith(kubeconfig: string, path: string): Promise<number | undefined> {
  const config = new KubeConfig()
  config.loadFromString(kubeconfig)
  const options = {}
  await config.applyToHTTPSOptions(options)
  return new Promise((resolve, reject) => {
    const sent = request(`${config.getCurrentCluster()?.server ?? ''}${path}`, options, (answer) => {
      answer.resume()
      resolve(answer.statusCode)
    })
    sent.on('error', reject).end()
  })
}

describe('authentication', () => {
  it('works by token or client certificate, for each of several users', async () => {
    const { sandbox } = await started({ users: ['admin', 'viewer'] })
    for (const user of ['admin', 'viewer']) {
      for (const credential of ['token', 'certificate'] as const) {
        const kubeconfig = sandbox.kubeconfig({ user, credential, namespace: 'booking' })
        expect(await statusWith(kubeconfig, '/api/v1/namespaces')).toBe(200)
      }
    }
    expect(() => sandbox.kubeconfig({ user: 'nobody' })).toThrow('no user nobody, only admin, viewer')
  })

  it('fails without credentials, with wrong ones, or with those of another sandbox', async () => {
    const [one, other] = [await started(), await started()]
    const bare = one.sandbox.kubeconfig().replace(/token: .*/, 'username: admin')
    const wrong = one.sandbox.kubeconfig().replace(/token: .*/, 'token: guessed')
    const foreign = other.sandbox.kubeconfig({ credential: 'certificate' })
    const server = /certificate-authority-data: .*/
    const mixed = foreign.replaceAll(other.sandbox.url, one.sandbox.url).replace(server, server.exec(bare)?.[0] ?? '')
    for (const kubeconfig of [bare, wrong, mixed]) expect(await statusWith(kubeconfig, '/api/v1/namespaces')).toBe(401)
    expect(await statusWith(bare, '/readyz')).toBe(200)
  })

  it('does not trust another sandbox', async () => {
    const [one, other] = [await started(), await started()]
    const mistaken = one.sandbox.kubeconfig().replaceAll(one.sandbox.url, other.sandbox.url)
    await expect(statusWith(mistaken, '/version')).rejects.toThrow(/certificate|signature/)
  })
})
