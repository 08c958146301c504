/** Decides whether a document is one of the operator's kinds, a misspelled one, or another kind. Pure. */
import { API_GROUP, API_VERSION, GROUP_VERSION } from '../resources/names.ts'
import { listed } from './messages.ts'
import { nearest } from '../resources/suggestions.ts'

/** What a document is. */
type DocumentKind =
  | { is: 'ours'; kind: string }
  | { is: 'other'; kind: string }
  /** It cannot be applied: the wrong field, and what to write instead. */
  | { is: 'wrong'; field: string; text: string }

const wrong = (field: string, text: string): DocumentKind => ({ is: 'wrong', field, text })

/** Classifies a document. @param known the operator's kinds. */
export function classifyDocument({ apiVersion, kind }: Record<string, unknown>, known: string[]): DocumentKind {
  if (typeof apiVersion !== 'string' || apiVersion === '') {
    return wrong(
      'apiVersion',
      `is missing; write ${GROUP_VERSION}, or remove this document if it is not a Kubernetes object`,
    )
  }
  if (typeof kind !== 'string' || kind === '') return wrong('kind', `is missing; write ${listed(known, 'or')}`)
  const [group = '', version] = apiVersion.split('/')
  if (group !== API_GROUP) return foreign(apiVersion, kind, known)
  if (version !== API_VERSION) return wrong('apiVersion', `found ${apiVersion}; write ${GROUP_VERSION}`)
  if (known.includes(kind)) return { is: 'ours', kind }
  const meant = nearest(kind, known)
  const advice = meant === undefined ? `write ${listed(known, 'or')}` : `did you mean ${meant}?`
  return wrong('kind', `${kind} is not a kind of ${GROUP_VERSION}; ${advice}`)
}

/** Other groups have kinds of the same names (such as Agent), but a misspelled group name of the operator is reported. */
function foreign(apiVersion: string, kind: string, known: string[]): DocumentKind {
  const [group = '', version] = apiVersion.split('/')
  const slip = nearest(group, [API_GROUP]) !== undefined || apiVersion === API_VERSION
  const withoutGroup = version === undefined && known.includes(kind)
  if (slip || withoutGroup) return wrong('apiVersion', `found ${apiVersion}; write ${GROUP_VERSION}`)
  return { is: 'other', kind }
}
