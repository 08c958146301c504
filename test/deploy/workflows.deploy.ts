/** The workflows of GitHub, as actionlint judges them: syntax, contexts, types, names of jobs and outputs. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { findTool } from '../real/tools.ts'
import { run } from './support/render.ts'

const WORKFLOWS = fileURLToPath(new URL('../../.github/workflows', import.meta.url))

test.each(readdirSync(WORKFLOWS))('%s is a workflow that GitHub takes', async (file) => {
  // Without shellcheck and pyflakes, which a machine may have or not.
  const args = ['-no-color', '-shellcheck=', '-pyflakes=', join(WORKFLOWS, file)]
  expect(await run(await findTool('actionlint'), args)).toBe('')
})
