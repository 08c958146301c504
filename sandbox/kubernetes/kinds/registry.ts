/** The kinds that are served: some of Kubernetes' own, and those that the stored CustomResourceDefinitions define. */
import { namespaces } from './namespaces.ts'
import { configMaps, secrets } from './data.ts'
import { checkedDefinitions, customKind, definitions, type ValidatorOf } from './custom.ts'
import { coreEvents, events } from './events.ts'
import { leases } from './leases.ts'
import { apiVersionOf, type Kind } from '../model/kind.ts'
import type { Store, Write } from '../storage/store.ts'

const OWN: readonly Kind[] = [namespaces, secrets, configMaps, coreEvents, events, leases]

/** Finds the served kinds. */
export class Registry {
  readonly #custom = new Map<string, Kind>()
  #kinds: readonly Kind[] | undefined
  readonly #byPath = new Map<string, Kind>()

  readonly #own: readonly Kind[]
  readonly #validatorOf: ValidatorOf

  constructor(store: Store, validatorOf: ValidatorOf) {
    this.#own = [...OWN, checkedDefinitions(validatorOf)]
    this.#validatorOf = validatorOf
    for (const { object } of store.collection(definitions.collection).list()) {
      this.#custom.set(object.metadata.name, customKind(object, validatorOf))
    }
    store.subscribe((write) => this.#follow(write))
  }

  get kinds(): readonly Kind[] {
    this.#kinds ??= [...this.#own, ...this.#custom.values()]
    return this.#kinds
  }

  find(group: string, version: string, plural: string): Kind | undefined {
    if (this.#byPath.size === 0) {
      for (const kind of this.kinds) this.#byPath.set(`${apiVersionOf(kind)} ${kind.plural}`, kind)
    }
    return this.#byPath.get(`${apiVersionOf({ group, version })} ${plural}`)
  }

  served(apiVersion: string, kind: string): Kind | undefined {
    return this.kinds.find((one) => apiVersionOf(one) === apiVersion && one.kind === kind)
  }

  /** Finds a kind by its name, plural or short name, and by `apiVersion` if an object names it. */
  named(name: string, group?: string): Kind | undefined {
    return this.kinds.find(
      (one) =>
        (group === undefined || one.group === group) &&
        [one.kind, one.plural, one.singular, ...one.shortNames].includes(name),
    )
  }

  /** The kind in whose form the objects of a collection are stored. */
  ofCollection(collection: string): Kind | undefined {
    return this.kinds.find((one) => one.collection === collection && !one.view)
  }

  #follow({ type, collection, current }: Write): void {
    if (collection !== definitions.collection) return
    const { name } = current.object.metadata
    this.#kinds = undefined
    this.#byPath.clear()
    if (type === 'DELETED') this.#custom.delete(name)
    else this.#custom.set(name, customKind(current.object, this.#validatorOf))
  }
}
