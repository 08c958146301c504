// A reference page of one kind: every field with its type, its default, what it does and its constraints.

/** Returns the page of one CRD, in Markdown. */
export function referencePage(crd, example, reasons) {
  const version = crd.spec.versions.find((one) => one.storage)
  const schema = version.schema.openAPIV3Schema
  const { kind } = crd.spec.names
  return [
    '<!-- Generated from crds/ by `npm run generate`: change the CRD, not this file. -->',
    `# ${kind}`,
    schema.description,
    '```yaml\n' + example.trimEnd() + '\n```',
    names(crd, version),
    ...rulesOf(schema, 'The object as a whole'),
    '## spec',
    schema.properties.spec.description,
    ...rulesOf(schema.properties.spec, ''),
    ...fields(schema.properties.spec, 'spec'),
    '## status',
    schema.properties.status.description,
    ...fields(schema.properties.status, 'status'),
    '## Conditions and their reasons',
    CONDITIONS,
    reasonTable(reasons),
    '## Columns of `kubectl get`',
    columns(version),
  ]
    .join('\n\n')
    .concat('\n')
}

function names(crd, version) {
  const { group, names, scope } = crd.spec
  const lines = [
    ['apiVersion', `\`${group}/${version.name}\``],
    ['kind', `\`${names.kind}\``],
    ['scope', scope.toLowerCase()],
    ['for kubectl', [names.plural, ...(names.shortNames ?? [])].map((name) => `\`${name}\``).join(', ')],
    ['category', (names.categories ?? []).map((name) => `\`${name}\``).join(', ')],
    ['field selectors', (version.selectableFields ?? []).map(({ jsonPath }) => `\`${jsonPath.slice(1)}\``).join(', ')],
  ]
  return table(['', ''], lines)
}

/** A heading, a line of facts, the description and the rules, for every field below a schema. */
function fields(schema, path) {
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const here = `${path}.${name}`
    return [
      `### \`${here}\``,
      facts(field, (schema.required ?? []).includes(name)),
      field.description ?? '',
      ...rulesOf(field, ''),
      ...below(field, here),
    ].filter((part) => part !== '')
  })
}

function below(field, path) {
  if (!field.items) return fields(field, path)
  const described = field.items.description && !field.items.properties ? [`Each: ${field.items.description}`] : []
  return [...described, ...rulesOf(field.items, ''), ...fields(field.items, `${path}[]`)]
}

function facts(field, required) {
  const parts = [`*${typeOf(field)}*`]
  if (required) parts.push('**required**')
  if (field.default !== undefined && !isEmpty(field.default)) parts.push(`default \`${JSON.stringify(field.default)}\``)
  return [...parts, ...limits(field)].join(' · ')
}

const isEmpty = (value) => typeof value === 'object' && !Array.isArray(value) && Object.keys(value).length === 0

function typeOf(field) {
  if (field.enum) return field.enum.map((value) => `\`${value}\``).join(' | ')
  if (field.type === 'array') return `list of ${field.items.enum ? typeOf(field.items) : plural(field.items)}`
  if (field.additionalProperties) return `map of ${field.additionalProperties.type}s`
  return field.format === 'date-time' ? 'time (RFC 3339)' : field.type
}

const plural = (items) => `${items.type}s`

function limits(field) {
  const parts = []
  if (field.minimum !== undefined && field.maximum !== undefined) parts.push(`${field.minimum} to ${field.maximum}`)
  if (field.maxItems !== undefined && field.type === 'array')
    parts.push(`${field.minItems ?? 0} to ${field.maxItems} items`)
  if (field['x-kubernetes-list-type'] === 'set') parts.push('none twice')
  return parts
}

function rulesOf(schema, title) {
  const rules = schema['x-kubernetes-validations'] ?? []
  if (rules.length === 0) return []
  const lines = rules.map(({ message, fieldPath }) => `- ${fieldPath ? `\`${fieldPath.slice(1)}\`: ` : ''}${message}`)
  return [...(title ? [`${title}:`] : []), lines.join('\n')]
}

const CONDITIONS =
  "`Ready` is always there, with the reason that keeps it from being True. If it is not True, `Reconciling` (it may become True without a change to this object) or `Stalled` (somebody has to act; the message says what to do) is also present. `kubectl wait --for=condition=Ready` and Flux's health checks use these."

const MEANINGS = { passing: '`Reconciling`', stuck: '`Stalled`', neutral: '' }

/** Ready last: the reasons that are its own are few. */
function reasonTable(reasons) {
  const rows = Object.entries(reasons).flatMap(([condition, meanings]) =>
    Object.entries(meanings).map(([reason, meaning]) => [`\`${condition}\``, `\`${reason}\``, MEANINGS[meaning]]),
  )
  return table(['Condition', 'Reason', 'Present if `Ready` is not True because of it'], rows)
}

function columns(version) {
  const rows = version.additionalPrinterColumns.map(({ name, description, priority }) => [
    name.toUpperCase(),
    priority ? '`-o wide`' : '',
    description ?? 'How old the object is',
  ])
  return table(['Column', '', 'What it shows'], rows)
}

const escaped = (text) => text.replaceAll('|', '\\|')

function table(head, rows) {
  const line = (cells) => `| ${cells.map(escaped).join(' | ')} |`
  return [line(head), `|${head.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n')
}
