/** The health that Argo CD shows: runs the shipped script in a Lua interpreter. */
import { readFileSync } from 'node:fs'
import { LuaFactory } from 'wasmoon'

export interface Health {
  status: 'Healthy' | 'Progressing' | 'Degraded' | 'Suspended'
  message: string
}

const SCRIPT = new URL('../../deploy/argocd/health.lua', import.meta.url)

/** @param script the shipped script by default. */
export async function createHealth(
  script = readFileSync(SCRIPT, 'utf8'),
): Promise<(object: object) => Promise<Health>> {
  const factory = new LuaFactory()
  return async (object) => {
    // A new Lua state for each object, as in Argo CD.
    const lua = await factory.createEngine()
    try {
      // A copy without the keys that are undefined.
      lua.global.set('obj', JSON.parse(JSON.stringify(object)) as object)
      return (await lua.doString(script)) as Health
    } finally {
      lua.global.close()
    }
  }
}
