/** `make demo KUBERNETES=real`: the same story on a real kube-apiserver. */
import { realBackend } from './backend-real.ts'
import { play } from './play.ts'

await play(realBackend)
