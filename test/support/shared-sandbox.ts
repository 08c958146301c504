/**
 * What the sandboxes of one process share. Each journey starts a sandbox; to compile our schemas and to sign certificates for each
 * would take longer than everything else about a start.
 */
import type { Authority, Pair } from '../../sandbox/kubernetes/http/certificates.ts'
import { createLocalAuthority } from '../../sandbox/kubernetes/server.ts'
import type { CustomResourceDefinition } from '../../src/resources/types.ts'
import { createValidator, type Validator } from '../../src/resources/validate.ts'

const validators = new Map<string, Validator>()
const clients = new Map<string, Promise<Pair>>()
let authority: Promise<Authority> | undefined

/** The validator of a version, made once for all definitions with the same content. @throws as `createValidator` does. */
export function sharedValidator(crd: CustomResourceDefinition, version: string): Validator {
  const content = JSON.stringify([crd.spec, version])
  const validator = validators.get(content) ?? createValidator(crd, version)
  validators.set(content, validator)
  return validator
}

/** An authority for all sandboxes, which issues one certificate for each user. */
export async function sharedAuthority(): Promise<Authority> {
  authority ??= createLocalAuthority()
  const own = await authority
  return {
    ...own,
    issueClient(user) {
      const issued = clients.get(user) ?? own.issueClient(user)
      clients.set(user, issued)
      return issued
    },
  }
}
