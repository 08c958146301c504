/**
 * `calendar-operator`: where the process begins. Signals are listened to before anything else is loaded, because a process that
 * is the first of its container ignores a SIGTERM that it does not listen to.
 */
const ended = process.argv[2] === 'run' ? firstSignal() : new Promise<never>(() => undefined)
const { keepHeapSmall } = await import('./platform/heap.ts')
if (process.argv[2] === 'run') keepHeapSmall()
const { runProgram } = await import('./program.ts')
await runProgram(process, ended)
// What is still open is nobody's any more.
if (process.argv[2] === 'run') process.exit()

function firstSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    process.once('SIGTERM', resolve)
    process.once('SIGINT', resolve)
  })
}
