/** Checks the metadata of namespaced objects for the mistakes that people make, as the API server does. Pure. */
import { isRecord } from '../platform/json.ts'
import { problem, type Path, type Problem } from './problems.ts'

const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/
const LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/

const SUBDOMAIN_RULE =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
const LABEL_RULE =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"

/** Finds the problems in the metadata of an object. */
export function metadataProblems(object: unknown): Problem[] {
  if (!isRecord(object)) return []
  const { metadata } = object
  if (!isRecord(metadata)) return [required(['metadata'])]
  return [...nameProblems(metadata), ...namespaceProblems(metadata), ...textMaps(metadata)]
}

const required = (at: Path, message = ''): Problem => problem('Required', at, { message })

function nameProblems({ name, generateName }: Record<string, unknown>): Problem[] {
  const at = ['metadata', 'name']
  if (name === undefined || name === null || name === '') {
    return typeof generateName === 'string' && generateName !== ''
      ? []
      : [required(at, 'name or generateName is required')]
  }
  if (typeof name !== 'string') return [problem('TypeInvalid', at, { found: name, message: 'must be of type string' })]
  if (name.length > 253) {
    return [problem('Invalid', at, { found: name, message: 'must be no more than 253 characters' })]
  }
  return SUBDOMAIN.test(name) ? [] : [problem('Invalid', at, { found: name, message: SUBDOMAIN_RULE })]
}

function namespaceProblems({ namespace }: Record<string, unknown>): Problem[] {
  const at = ['metadata', 'namespace']
  if (namespace === undefined || namespace === null || namespace === '') return []
  if (typeof namespace !== 'string') {
    return [problem('TypeInvalid', at, { found: namespace, message: 'must be of type string' })]
  }
  const fits = namespace.length <= 63 && LABEL.test(namespace)
  return fits ? [] : [problem('Invalid', at, { found: namespace, message: LABEL_RULE })]
}

/** Labels and annotations are strings: `true` and `1` without quotes are not. */
function textMaps(metadata: Record<string, unknown>): Problem[] {
  return ['labels', 'annotations'].flatMap((field) => {
    const map = metadata[field]
    if (map === undefined || map === null) return []
    const at = ['metadata', field]
    if (!isRecord(map)) return [problem('TypeInvalid', at, { found: map, message: 'must be of type object' })]
    return Object.entries(map)
      .filter(([, value]) => typeof value !== 'string')
      .map(([key, found]) => problem('TypeInvalid', [...at, key], { found, message: 'must be of type string' }))
  })
}
