/** MicroTimes, the timestamps of Leases and Events. */
import { at, type KubeObject } from '../model/objects.ts'
import { badRequest } from '../model/api-errors.ts'

const LAYOUT = '2006-01-02T15:04:05.000000Z07:00'
const MICRO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}(Z|[+-]\d\d:\d\d)$/

/** Checks that MicroTimes have exactly six decimals, as the API server does. @throws APIError 400. */
export function checkMicroTimes(object: KubeObject, ...paths: string[][]): KubeObject {
  for (const path of paths) {
    const value = at(object, ...path)
    if (typeof value === 'string' && !MICRO.test(value)) {
      const what = `${path.join('.')}: parsing time "${value}" as "${LAYOUT}": it needs exactly six decimals of a second`
      throw badRequest(`${object.kind} in version "v1" cannot be handled as a ${object.kind}: ${what}`)
    }
  }
  return object
}
