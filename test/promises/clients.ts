/** Promises of `src/clients/`. */
import type { BrokenPromise } from './promise.ts'

export const CLIENTS_PROMISES: readonly BrokenPromise[] = [
  {
    promise: "a request that does not reach Google gives the API's probe back",
    file: 'src/clients/agent-client.ts',
    find: "      else if (failure !== 'APIDisabled') giveBack()\n",
    replace: '',
    test: 'test/clients/integration-registry.test.ts',
  },
  {
    promise: 'one request finds out for everybody whether the API is on again',
    file: 'src/clients/integration-registry.ts',
    find: '    this.#update(key, { api: taken })\n',
    replace: '    void taken\n',
    test: 'test/clients/integration-registry.test.ts',
  },
]
