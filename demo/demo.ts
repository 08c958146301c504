/** `make demo`: the story on the sandbox's Kubernetes, on Node alone. */
import { sandboxBackend } from './backend-sandbox.ts'
import { play } from './play.ts'

await play(sandboxBackend)
