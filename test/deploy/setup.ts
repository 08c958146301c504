import { findPrograms } from '../real/assets.ts'
import { findTool } from '../real/tools.ts'

/** Finds or builds everything before the first test, so that no test's time limit has to allow for it. */
export default async function setup(): Promise<void> {
  await findPrograms()
  for (const tool of ['actionlint', 'kubeconform', 'kube-score', 'helm', 'kwok'] as const) await findTool(tool)
}
