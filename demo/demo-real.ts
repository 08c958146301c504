/** `make demo KUBERNETES=real`: the same steps on a real kube-apiserver. */
import { realBackend } from './backend-real.ts'
import { runDemo } from './run.ts'

await runDemo(realBackend)
