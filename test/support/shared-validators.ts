/**
 * Compiling the schemas of our definitions takes longer than starting the rest of a sandbox. Each journey starts a sandbox, so all of
 * a process share the validators, which keep nothing between calls.
 */
import { createValidator, type Validator } from '../../src/resources/validate.ts'
import type { CustomResourceDefinition } from '../../src/resources/types.ts'

const validators = new Map<string, Validator>()

/** The validator of a version, made once for all definitions with the same content. @throws as `createValidator` does. */
export function sharedValidator(crd: CustomResourceDefinition, version: string): Validator {
  const content = JSON.stringify([crd.spec, version])
  const validator = validators.get(content) ?? createValidator(crd, version)
  validators.set(content, validator)
  return validator
}
