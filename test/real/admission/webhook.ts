/** A validating webhook of the test's own: who wrote it decides what it answers, and whether it answers at all. */
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Client } from '../../contract/client.ts'
import { createAuthority } from '../cluster/certificates.ts'

interface Review {
  uid: string
  namespace: string
  name: string
  kind: { kind: string }
}

/** What the webhook says of one write: undefined lets it pass. */
export type Verdict = (review: Review) => { code: number; reason?: string; message: string } | undefined

export const WEBHOOK = 'policy.example.com'
const NAME = 'test-policy'
const PATH = '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations'
const MOST_SECONDS = 1

export class Webhook {
  verdict: Verdict = () => undefined
  /** Takes connections and never answers. */
  hangs = false
  readonly #server: Server
  readonly #api: Client

  private constructor(server: Server, api: Client) {
    this.#server = server
    this.#api = api
  }

  /** Looks at ConfigMaps and Secrets of this namespace. */
  static async install(api: Client, namespace: string): Promise<Webhook> {
    const authority = await createAuthority(Date.now())
    const { certificate: cert, key } = await authority.server(['127.0.0.1'])
    const server = createServer({ cert, key }, (request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        const answer = webhook.#answer(Buffer.concat(chunks).toString())
        if (answer !== undefined) response.setHeader('content-type', 'application/json').end(answer)
      })
    })
    const webhook = new Webhook(server, api)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const made = await api.request('POST', PATH, {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingWebhookConfiguration',
      metadata: { name: NAME },
      webhooks: [
        {
          name: WEBHOOK,
          clientConfig: {
            url: `https://127.0.0.1:${port}/`,
            caBundle: Buffer.from(authority.certificate).toString('base64'),
          },
          rules: [
            {
              apiGroups: [''],
              apiVersions: ['v1'],
              operations: ['CREATE', 'UPDATE'],
              resources: ['configmaps', 'secrets'],
            },
          ],
          namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
          admissionReviewVersions: ['v1'],
          sideEffects: 'None',
          failurePolicy: 'Fail',
          timeoutSeconds: MOST_SECONDS,
        },
      ],
    })
    if (made.status >= 300) throw new Error(made.text)
    return webhook
  }

  /** From now on nothing listens there. */
  async fall(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  async uninstall(): Promise<void> {
    await this.#api.request('DELETE', `${PATH}/${NAME}`)
    await this.fall()
  }

  #answer(text: string): string | undefined {
    if (this.hangs) return undefined
    const { request } = JSON.parse(text) as { request: Review }
    const status = this.verdict(request)
    const response = { uid: request.uid, allowed: status === undefined, status }
    return JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response })
  }
}
