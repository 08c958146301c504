// What deploy/ says twice: the alerts as a PrometheusRule, and in the Helm chart the CRDs, the roles' rules, the alerts and
// the values, which its schema describes.
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse, parseAllDocuments, stringify } from 'yaml'

const CHART = 'deploy/chart/calendar-operator'
const WIDTH = 118

/** Path → content. @param root the repository's. @param fresh path → content, of sources that are generated themselves. */
export async function deploymentFiles(root, fresh) {
  const read = async (path) => fresh.get(path) ?? readFile(join(root, path), 'utf8')
  const alerts = parse(await read('deploy/alerts/rules.yaml'))
  const schema = JSON.parse(await read(`${CHART}/values.schema.json`))
  const files = new Map([
    ['deploy/components/monitoring/prometheus-rule.yaml', prometheusRule(alerts)],
    [`${CHART}/files/alerts.yaml`, comment('deploy/alerts/rules.yaml') + yaml(alerts)],
    [`${CHART}/files/rules.yaml`, comment('deploy/rbac') + yaml(await rulesOfRoles(root))],
    [`${CHART}/values.yaml`, values(schema)],
    ['docs/reference/helm-chart.md', page(schema)],
  ])
  const crds = (await readdir(join(root, 'crds'))).filter((name) => name.endsWith('.yaml'))
  for (const name of crds) files.set(`${CHART}/files/crds/${name}`, await read(`crds/${name}`))
  return files
}

const comment = (source) => `# Generated from ${source}: change that, and run npm run generate.\n`
const yaml = (value) => stringify(value, { lineWidth: 0 })

function prometheusRule(alerts) {
  const metadata = { name: 'calendar-operator', namespace: 'calendar-operator' }
  const rule = { apiVersion: 'monitoring.coreos.com/v1', kind: 'PrometheusRule', metadata, spec: alerts }
  return comment('deploy/alerts/rules.yaml') + yaml(rule)
}

/** The rules of every role in deploy/rbac, by directory and name. */
async function rulesOfRoles(root) {
  const rules = {}
  for (const directory of ['common', 'leases', 'sharder', 'cluster-wide', 'namespaced', 'people']) {
    const text = await readFile(join(root, 'deploy/rbac', directory, 'roles.yaml'), 'utf8')
    const roles = parseAllDocuments(text).map((document) => document.toJS())
    for (const role of roles.filter((one) => one.rules)) rules[`${directory}/${role.metadata.name}`] = role.rules
  }
  return rules
}

/** A schema of an object that is only described by its parts. */
const isSection = ({ default: value, properties }) => value === undefined && properties !== undefined

function values(schema) {
  const lines = [
    "# The chart's values and their defaults. Generated from values.schema.json: change that, and run npm run generate.",
  ]
  for (const [name, property] of Object.entries(schema.properties)) lines.push(...valueLines(name, property, ''))
  return `${lines.join('\n')}\n`
}

function valueLines(name, property, indent) {
  const described = wrap(property.description ?? '', WIDTH - indent.length).map((line) => `${indent}# ${line}`)
  if (isSection(property)) {
    const inner = Object.entries(property.properties).flatMap(([key, one]) => valueLines(key, one, `${indent}  `))
    return [...described, `${indent}${name}:`, ...inner]
  }
  if (property.default === undefined) return []
  const written = yaml({ [name]: property.default })
    .trimEnd()
    .split('\n')
  return [...described, ...written.map((line) => indent + line)]
}

function wrap(text, width) {
  const lines = []
  for (const word of text.split(' ').filter(Boolean)) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + word.length < width - 2) lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
  }
  return lines
}

function page(schema) {
  const rows = Object.entries(schema.properties).flatMap(([name, property]) => pageRows(name, property))
  return `# Values of the Helm chart

Generated from \`${CHART}/values.schema.json\`. Helm refuses unknown values and values of another type. How to install the chart:
[Installing](../install.md).

| value | default | |
|---|---|---|
${rows.join('\n')}
`
}

function pageRows(name, property) {
  if (isSection(property))
    return Object.entries(property.properties).flatMap(([key, one]) => pageRows(`${name}.${key}`, one))
  if (property.default === undefined) return []
  return [`| \`${name}\` | \`${JSON.stringify(property.default)}\` | ${property.description} |`]
}
