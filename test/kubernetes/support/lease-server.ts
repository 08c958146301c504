/** An API server that has one Lease, and whose answers may be held, lost or refused. */
import { expect } from 'vitest'
import { ApiError, type ApiFailure } from '../../../src/kubernetes/port.ts'
import type { ApiRequest, SendRequest } from '../../../src/kubernetes/request.ts'

interface Lease {
  metadata: { name: string; namespace: string; resourceVersion: string; labels?: object }
  spec: { holderIdentity: string; leaseDurationSeconds: number; leaseTransitions: number; [time: string]: unknown }
}

/** What becomes of a request. */
export type Fate = 'answered' | 'held' | 'hangs' | 'answer is lost' | 'refused'

/** Keeps one Lease as the API server does, and lets requests fail as a test says. */
export class LeaseServer {
  lease: Lease | undefined
  readonly requests: string[] = []
  /** What becomes of the requests to come. */
  fate: Fate = 'answered'
  /** The fates of the very next requests. */
  readonly next: Fate[] = []
  /** Lets the answers go that are held. */
  readonly held: (() => void)[] = []
  #version = 0

  readonly send: SendRequest = <T>(request: ApiRequest, signal?: AbortSignal): Promise<T> => {
    this.requests.push(request.method)
    const fate = this.next.shift() ?? this.fate
    return new Promise<T>((resolve, reject) => {
      const fail = (): void => reject(new ApiError('Unreachable', 'no answer'))
      if (signal?.aborted) return fail()
      signal?.addEventListener('abort', fail)
      if (fate === 'refused') return fail()
      if (fate === 'hangs') return
      const answer = this.#handle(request)
      if (fate === 'answer is lost') return
      const settleIt = (): void => (answer instanceof ApiError ? reject(answer) : resolve(structuredClone(answer) as T))
      if (fate === 'held') this.held.push(settleIt)
      else settleIt()
    })
  }

  /** Somebody else writes it. */
  edit(change: (lease: Lease) => void): void {
    if (!this.lease) throw new Error('there is no Lease')
    const lease = structuredClone(this.lease)
    change(lease)
    lease.metadata.resourceVersion = String(++this.#version)
    this.lease = lease
  }

  #handle({ method, path, body }: ApiRequest): Lease | ApiError {
    const refuse = (failure: ApiFailure): ApiError => new ApiError(failure, failure)
    const collection = '/apis/coordination.k8s.io/v1/namespaces/booking/leases'
    expect(path).toBe(method === 'POST' ? collection : `${collection}/calendar-operator`)
    if (method === 'GET') return this.lease ?? refuse('NotFound')
    const written = structuredClone(body) as Lease
    if (method === 'POST' && this.lease) return refuse('AlreadyExists')
    if (method === 'PUT' && !this.lease) return refuse('NotFound')
    if (this.lease && written.metadata.resourceVersion !== this.lease.metadata.resourceVersion)
      return refuse('Conflict')
    written.metadata.resourceVersion = String(++this.#version)
    return (this.lease = written)
  }
}
