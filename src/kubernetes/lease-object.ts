/** The requests for one Lease. A write names the version that was read, so it fails if somebody else has written since. */
import { LEASES } from './kinds.ts'
import { collectionPath } from './paths.ts'
import { ApiError } from './port.ts'
import type { SendRequest } from './request.ts'

/** The `spec` of a Lease. */
export interface LeaseSpec {
  holderIdentity?: string
  leaseDurationSeconds?: number
  /** RFC 3339, six digits. */
  acquireTime?: string
  renewTime?: string
  leaseTransitions?: number
}

/** The metadata of a Lease. */
export interface LeaseMeta {
  name: string
  namespace: string
  resourceVersion?: string
  labels?: Record<string, string>
  annotations?: Record<string, string>
}

/** A Lease of `coordination.k8s.io/v1`. */
export interface Lease {
  apiVersion: string
  kind: string
  metadata: LeaseMeta
  spec: LeaseSpec
}

/** Reads and writes one Lease. */
export class LeaseObject {
  readonly #send: SendRequest
  readonly #metadata: LeaseMeta
  readonly #collection: string

  /** @param metadata that of a Lease that is created. */
  constructor(send: SendRequest, metadata: LeaseMeta) {
    this.#send = send
    this.#metadata = metadata
    this.#collection = collectionPath(LEASES, metadata.namespace)
  }

  /** Reads the Lease; undefined if there is none. @throws ApiError, as the other methods do. */
  async read(signal: AbortSignal): Promise<Lease | undefined> {
    return unless('NotFound', this.#send<Lease>({ method: 'GET', path: this.#path }, signal))
  }

  /** Creates the Lease. @throws ApiError `AlreadyExists` */
  async create(spec: LeaseSpec, signal: AbortSignal): Promise<Lease> {
    const body: Lease = { apiVersion: LEASES.apiVersion, kind: LEASES.kind, metadata: this.#metadata, spec }
    return this.#send<Lease>({ method: 'POST', path: this.#collection, body }, signal)
  }

  /** Replaces the Lease; returns undefined if somebody else has written or deleted it since. */
  async replace(lease: Lease, signal: AbortSignal): Promise<Lease | undefined> {
    const answer = this.#send<Lease>({ method: 'PUT', path: this.#path, body: lease }, signal)
    return unless('NotFound', unless('Conflict', answer))
  }

  get #path(): string {
    return `${this.#collection}/${this.#metadata.name}`
  }
}

async function unless<T>(failure: 'NotFound' | 'Conflict', answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer
  } catch (error) {
    if (error instanceof ApiError && error.failure === failure) return undefined
    throw error
  }
}
