/** Label selectors, as the Kubernetes API and the command line of kubectl write them. Pure. */

/** A label selector of the Kubernetes API. Without requirements, it selects everything. */
export interface LabelSelector {
  matchLabels?: Record<string, string>
  matchExpressions?: LabelRequirement[]
}

/** One requirement on one label. */
interface LabelRequirement {
  key: string
  /** In, NotIn, Exists or DoesNotExist. */
  operator: string
  values?: string[]
}

const NAME = '[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?'
const KEY = `(?:[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?/)?${NAME}`
const VALUE = `(?:${NAME})?`
const EQUALITY = new RegExp(`^(${KEY})\\s*(==|=|!=)\\s*(${VALUE})$`)
const SET = new RegExp(`^(${KEY})\\s+(in|notin)\\s*\\(([^()]*)\\)$`)
const EXISTENCE = new RegExp(`^(!?)\\s*(${KEY})$`)
const ONE_VALUE = new RegExp(`^${VALUE}$`)

/** Whether a label selector selects these labels. */
export function matches(selector: LabelSelector, labels: Record<string, string> = {}): boolean {
  const exact = Object.entries(selector.matchLabels ?? {}).every(([key, value]) => labels[key] === value)
  return exact && (selector.matchExpressions ?? []).every((expression) => matchesOne(expression, labels))
}

function matchesOne({ key, operator, values = [] }: LabelRequirement, labels: Record<string, string>): boolean {
  const value = labels[key]
  if (operator === 'Exists') return value !== undefined
  if (operator === 'DoesNotExist') return value === undefined
  const listed = value !== undefined && values.includes(value)
  return operator === 'NotIn' ? !listed : listed
}

/**
 * Parses a selector as `kubectl -l` takes it: `a=b,c!=d,e in (x,y),f notin (z),g,!h`.
 *
 * @returns the part that is not a requirement, if there is one.
 */
export function parseLabelSelector(text: string): { selector: LabelSelector } | { wrong: string } {
  const matchExpressions: LabelRequirement[] = []
  // A comma inside parentheses separates values.
  for (const part of text.split(/,(?![^(]*\))/).map((one) => one.trim())) {
    const requirement = parseRequirement(part)
    if (!requirement) return { wrong: part }
    matchExpressions.push(requirement)
  }
  return { selector: { matchExpressions } }
}

const parseRequirement = (text: string): LabelRequirement | undefined =>
  parseEquality(text) ?? parseSet(text) ?? parseExistence(text)

function parseEquality(text: string): LabelRequirement | undefined {
  const [, key, sign, value = ''] = EQUALITY.exec(text) ?? []
  return key === undefined ? undefined : { key, operator: sign === '!=' ? 'NotIn' : 'In', values: [value] }
}

function parseSet(text: string): LabelRequirement | undefined {
  const [, key, word, list = ''] = SET.exec(text) ?? []
  const values = list.split(',').map((one) => one.trim())
  if (key === undefined || !values.every((one) => ONE_VALUE.test(one))) return undefined
  return { key, operator: word === 'in' ? 'In' : 'NotIn', values }
}

function parseExistence(text: string): LabelRequirement | undefined {
  const [, not, key] = EXISTENCE.exec(text) ?? []
  return key === undefined ? undefined : { key, operator: not === '!' ? 'DoesNotExist' : 'Exists' }
}

/** The same text for the same requirements, in whatever order and spelling they were written. */
export function canonicalSelector({ matchExpressions = [] }: Pick<LabelSelector, 'matchExpressions'>): string {
  const texts = matchExpressions.map(({ key, operator, values = [] }) =>
    JSON.stringify([key, operator, [...new Set(values)].sort()]),
  )
  return [...new Set(texts)].sort().join(',')
}
