/**
 * The tokens of an OpenID Connect provider that a kubeconfig names. The library that implements this takes a quarter of the memory of
 * a process that has just started, so the build puts this file into a bundle of its own (scripts/build.mjs), which is loaded only
 * by those who need it.
 */
import type { RequestOptions } from 'node:https'
import { KubeConfig } from '@kubernetes/client-node'
import type { UserEntry } from './kubeconfig-file.ts'

/** Returns the value of the `Authorization` header; undefined if there is none. @throws Error if the provider gives no token. */
export async function oidcAuthorization(
  authProvider: NonNullable<UserEntry['authProvider']>,
): Promise<string | undefined> {
  const library = new KubeConfig()
  library.loadFromClusterAndUser(
    { name: 'cluster', server: 'https://localhost', skipTLSVerify: false },
    { name: 'user', authProvider },
  )
  const options: RequestOptions = {}
  await library.applyToHTTPSOptions(options)
  const value = (options.headers as Record<string, unknown> | undefined)?.Authorization
  return typeof value === 'string' ? value : undefined
}
