// Writes the version and the addresses of a release into the files that contain them: manifests, the chart, the Dockerfile,
// examples and documentation. package.json is their only source: `version`, and under `release` the names.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

const CHART = 'deploy/chart/calendar-operator'

/** A version in a file, with the suffix of a pre-release or a build. */
const VERSION = '\\d+\\.\\d+\\.\\d+(?:-[\\w.]+)?'

/** Path → what to look for (group 1 stays) and what comes after it. Each pattern must match somewhere in its file. */
const stamps = ({ version, release }) => ({
  Dockerfile: [[/^(ARG VERSION=).*/gm, version]],
  'deploy/alerts/rules.yaml': [
    [/^( +runbook_url: )\S+\/(\w+?)(?:\.md)?$/gm, `${release.documentation}/runbooks/$2.md`],
  ],
  'deploy/base/deployment.yaml': [[/^( +image: ).*/gm, `${release.image}:${version}`]],
  'deploy/components/labels/kustomization.yaml': [[/^( +app\.kubernetes\.io\/version: ).*/gm, version]],
  [`${CHART}/Chart.yaml`]: [
    [/^(version: ).*/gm, version],
    [/^(appVersion: ).*/gm, version],
    [/^(home: ).*/gm, release.repository],
  ],
  [`${CHART}/values.schema.json`]: [
    [/^( +"repository": \{\s+"type": "string",\s+"minLength": 1,\s+"default": )"[^"]*"/gm, `"${release.image}"`],
  ],
  'examples/argocd/applications.yaml': [
    [/^( +repoURL: )\S+\/calendar-operator$/gm, release.repository],
    [/^( +targetRevision: )v.*/gm, `v${version}`],
  ],
  'examples/flux/calendar-operator.yaml': [
    [/^( +url: )\S+\/calendar-operator$/gm, release.repository],
    [/^( +tag: )v.*/gm, `v${version}`],
  ],
  'docs/getting-started.md': [download({ version, release })],
  'docs/image.md': [
    image({ version, release }),
    [/()https:\S+(?=\/\.github\/workflows\/release\.yaml@)/g, release.repository],
    [new RegExp(`(refs/tags/v)${VERSION}`, 'g'), version],
    [/(--repo )\S+/g, new URL(release.repository).pathname.slice(1)],
  ],
  'docs/install.md': [
    download({ version, release }),
    image({ version, release }),
    [/()https:\S+(?=\/\/deploy\/)/g, release.repository],
    [new RegExp(`(\\?ref=v)${VERSION}`, 'g'), version],
    [/(# {3}- name: ).*/g, release.image],
    [new RegExp(`(newTag: )${VERSION}`, 'g'), version],
    ...chart({ version, release }),
  ],
  'docs/upgrade.md': [
    download({ version, release }),
    [/(names the image `)[^`]+/g, release.image],
    ...chart({ version, release }),
  ],
})

/** The files that hang on a release: `…/releases/download/v0.1.0/install.yaml`. */
const download = ({ version, release }) => [
  new RegExp(`()https://\\S+/releases/download/v${VERSION}`, 'g'),
  `${release.repository}/releases/download/v${version}`,
]

/** A whole reference, such as `ghcr.io/owner/calendar-operator:0.1.0`. */
const image = ({ version, release }) => [
  new RegExp(`()\\b[\\w.-]+\\.\\w+(?:/[\\w.-]+)*/calendar-operator:${VERSION}`, 'g'),
  `${release.image}:${version}`,
]

/** Where Helm finds the chart, and which version of it. */
const chart = ({ version, release }) => [
  [/(oci:\/\/)\S+\/calendar-operator\b/g, release.chart],
  [new RegExp(`((?:--|, )version )${VERSION}`, 'g'), version],
]

/** Path → content, with the version and the names of package.json. @param root the repository's. */
export async function releaseFiles(root) {
  const source = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'))
  const files = new Map()
  for (const [path, patterns] of Object.entries(stamps(source))) {
    files.set(path, stamped(path, await readFile(join(root, path), 'utf8'), patterns))
  }
  return files
}

function stamped(path, text, patterns) {
  return patterns.reduce((result, [pattern, value]) => {
    if (result.search(pattern) < 0) throw new Error(`${path}: expected ${pattern.source}, to write ${value} there`)
    return result.replace(pattern, `$1${value}`)
  }, text)
}
