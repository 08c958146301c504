/** `make demo`: the steps on the sandbox's Kubernetes API, on Node alone. */
import { sandboxBackend } from './backend-sandbox.ts'
import { runDemo } from './run.ts'

await runDemo(sandboxBackend)
