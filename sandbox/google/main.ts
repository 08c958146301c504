/** Runs a simulated Google on its own: `npx tsx sandbox/google/main.ts [port]`. Its state is gone when it ends. */
import { startGoogle } from './google.ts'

const clock = {
  now: () => Date.now(),
  setTimer: (delayMs: number, fire: () => void) => {
    const timer = setTimeout(fire, delayMs)
    return () => clearTimeout(timer)
  },
}

const google = await startGoogle({ clock, port: Number(process.argv[2] ?? 9100) })
console.log(`A simulated Google listens at ${google.url}; GET /_control/ lists what it can be told.`)
