/** Builds the image once for all tests, and says what each step is. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { withLock } from '../real/assets/lock.ts'
import { bases, Store } from './support/bases.ts'
import { buildImage, copyContext, ROOT, type Image } from './support/build.ts'
import { requireTools, say } from './support/tools.ts'

declare module 'vitest' {
  interface ProvidedContext {
    image: Image
    /** A second build, from sources with other times. */
    again: Image
  }
}

/** Returns the function that runs after all tests. */
export default async function setup(project: TestProject): Promise<() => void> {
  requireTools()
  const work = mkdtempSync(join(tmpdir(), 'image-'))
  const store = new Store()
  const build = (name: string): Image => {
    const directory = join(work, name)
    mkdirSync(directory)
    const context = name === 'image' ? ROOT : copyContext(join(directory, 'context'))
    say(`building the ${name === 'image' ? 'image' : 'image once more'}, with npm ci`)
    return buildImage(store, context, directory)
  }
  await withLock(store.directory, say, async () => {
    store.prepare(bases(readFileSync(join(ROOT, 'Dockerfile'), 'utf8')))
    project.provide('image', build('image'))
    project.provide('again', build('again'))
  })
  return () => rmSync(work, { recursive: true, force: true })
}
