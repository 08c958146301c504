/** A store beside a server whose object others and we write, while responses and watch events arrive in any order. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { KubernetesObject, WatchEvent } from '../../src/kubernetes/port.ts'
import { WatchStore } from '../../src/kubernetes/store.ts'
import { thing } from './support/objects.ts'

type Store = WatchStore<KubernetesObject>

const KEY = 'booking/x'
const at = (version: number, { uid }: Partial<KubernetesObject['metadata']>): KubernetesObject =>
  thing('x', { resourceVersion: String(version), uid })

type Step = 'foreign' | 'delete' | 'ours' | 'answer' | 'lost' | 'watch'

/** A server with one object, which others and we write, and a watch that is behind by as much as it likes. */
class Model {
  current: KubernetesObject | undefined
  /** What the watch has still to tell. */
  readonly events: { gone: boolean; object: KubernetesObject }[] = []
  /** The versions that others made, or that we made and never heard back of. */
  readonly foreign = new Set<number>()
  lastDeletion = 0
  #version = 0
  #open: { answer: (lost: boolean) => void; done: Promise<unknown> } | undefined
  readonly #store: Store

  constructor(store: Store) {
    this.#store = store
  }

  foreignWrite(): void {
    this.#write()
    this.foreign.add(this.#version)
  }

  foreignDelete(): void {
    if (!this.current) return
    this.lastDeletion = ++this.#version
    const { uid } = this.current.metadata
    this.events.push({ gone: true, object: at(this.#version, { uid }) })
    this.current = undefined
  }

  /** A write of ours reaches the server at once, which takes it for the version that we know only; the answer comes later. */
  ours(): void {
    if (this.#open) return
    const base = this.#store.get(KEY)?.metadata.resourceVersion
    const written = this.current?.metadata.resourceVersion === base ? this.#write() : undefined
    let answer: (lost: boolean) => void = () => undefined
    const done = this.#store.writing(KEY, base, () => {
      return new Promise<KubernetesObject>((resolve, reject) => {
        answer = (lost) => {
          if (written && lost) this.foreign.add(Number(written.metadata.resourceVersion))
          if (written && !lost) resolve(written)
          else reject(new Error('refused, or never heard of'))
        }
      })
    })
    this.#open = { answer, done: done.catch(() => undefined) }
  }

  async answered(lost: boolean): Promise<void> {
    this.#open?.answer(lost)
    await this.#open?.done
    this.#open = undefined
  }

  deliver(): void {
    const event = this.events.shift()
    if (event?.gone) this.#store.remove(KEY, event.object.metadata.resourceVersion)
    else if (event) this.#store.put(event.object)
  }

  #write(): KubernetesObject {
    const uid = this.current?.metadata.uid ?? `uid-${this.#version}`
    this.current = at(++this.#version, { uid })
    this.events.push({ gone: false, object: this.current })
    return this.current
  }
}

async function play(steps: Step[]): Promise<{ store: Store; model: Model; changes: WatchEvent<KubernetesObject>[] }> {
  const changes: WatchEvent<KubernetesObject>[] = []
  const store: Store = new WatchStore({ strip: (object) => object, onError: expect.unreachable })
  store.subscribe((change) => changes.push(change))
  const model = new Model(store)
  const does: Record<Step, () => void | Promise<void>> = {
    foreign: () => model.foreignWrite(),
    delete: () => model.foreignDelete(),
    ours: () => model.ours(),
    answer: () => model.answered(false),
    lost: () => model.answered(true),
    watch: () => model.deliver(),
  }
  let seen = 0
  for (const step of steps) {
    await does[step]()
    const version = Number(store.get(KEY)?.metadata.resourceVersion ?? seen)
    expect(version, 'it went back').toBeGreaterThanOrEqual(seen)
    seen = version
  }
  await model.answered(false)
  while (model.events.length > 0) model.deliver()
  return { store, model, changes }
}

describe('in whatever order responses and events arrive', () => {
  test('the store never goes back, ends in the right state, and reports every change by others and none of ours', async () => {
    const step = fc.constantFrom<Step>('foreign', 'ours', 'ours', 'answer', 'lost', 'watch', 'watch', 'delete')
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const { store, model, changes } = await play(steps)
        expect(store.get(KEY)).toEqual(model.current)
        const told = changes.flatMap(({ after }) => (after ? [Number(after.metadata.resourceVersion)] : []))
        for (const version of told) expect([...model.foreign], 'an echo was told').toContain(version)
        for (const version of [...model.foreign].filter((one) => one > model.lastDeletion)) {
          expect(Math.max(...told), `version ${version} was never told`).toBeGreaterThanOrEqual(version)
        }
      }),
      { seed: 11, numRuns: 400 },
    )
  })
})
