/** Runs `calendar-operator validate` on files that exist only here, and the manifests that its tests start from. */
import { validate } from '../../../src/cli/validate.ts'

export interface Run {
  code: number
  lines: string[]
}

/** Validates files that exist only here. The last line, the summary, is omitted unless requested. */
export async function run(
  files: Record<string, string>,
  names = Object.keys(files),
): Promise<Run & { summary: string }> {
  const lines: string[] = []
  const code = await validate(names, {
    readFile: async (path) => {
      const text = files[path]
      if (text === undefined) throw Object.assign(new Error('no'), { code: path === 'dir' ? 'EISDIR' : 'ENOENT' })
      return text
    },
    readStdin: async () => files['-'] ?? '',
    write: (line) => lines.push(line),
  })
  return { code, lines: lines.slice(0, -1), summary: lines.at(-1) ?? '' }
}

export const one = (yaml: string): Promise<Run> => run({ 'a.yaml': yaml })

export const INTEGRATION = `
apiVersion: calendar-operator.io/v1alpha1
kind: CalendarIntegration
metadata: {name: google, namespace: booking}
spec:
  google:
    clientSecretRef: {name: google-oauth-client}
    siteURI: https://booking.example.com
`
export const agent = (name: string, rest = '', namespace = 'booking'): string => `
apiVersion: calendar-operator.io/v1alpha1
kind: Agent
metadata: {name: ${name}, namespace: ${namespace}}
spec:
  integrationRef: {name: google, namespace: booking}
  account: ${name}@example.com
${rest}`
export const publishing = (name: string, kind = 'ConfigMap'): string => `  publish:
    calendar: {kind: ${kind}, name: ${name}}
`
export const ALICE = agent('alice', publishing('alice-calendar'))
