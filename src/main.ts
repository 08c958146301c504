/**
 * The entry point of `calendar-operator`. Signal handlers are installed before anything else is loaded, because the first process of a
 * container ignores a SIGTERM without a handler.
 */
const ended = process.argv[2] === 'run' ? firstSignal() : new Promise<never>(() => undefined)
const { keepHeapSmall } = await import('./platform/heap.ts')
const { compileWasmOnce, optimizeLater } = await import('./platform/compiler.ts')
if (process.argv[2] === 'run') {
  keepHeapSmall()
  optimizeLater()
  compileWasmOnce()
}
const { runProgram } = await import('./program.ts')
await runProgram(process, ended)
// Whatever is still open is no longer needed.
if (process.argv[2] === 'run') process.exit()

function firstSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    process.once('SIGTERM', resolve)
    process.once('SIGINT', resolve)
  })
}
