/** `make demo`: the story on the sandbox's Kubernetes, on Node alone. */
import { sandboxBackend } from './backend-sandbox.ts'
import { runDemo } from './run.ts'

await runDemo(sandboxBackend)
