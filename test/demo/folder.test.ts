import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { takeFolder } from '../../demo/folder.ts'

let parent: string
let folder: string

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'demo-'))
  folder = join(parent, '.demo')
})

afterEach(() => rm(parent, { recursive: true }))

describe('the folder of the demo', () => {
  test('is refused while another demo runs in it, and keeps its files', async () => {
    await takeFolder(folder)
    await writeFile(join(folder, 'kubeconfig'), '')
    await expect(takeFolder(folder)).rejects.toThrow(`found: process ${process.pid} runs one`)
    expect(await readdir(folder)).toContain('kubeconfig')
  })

  test('is emptied of what a demo has left that was killed', async () => {
    await takeFolder(folder)
    await writeFile(join(folder, 'pid'), String(2 ** 30))
    await writeFile(join(folder, 'operator.log'), '')
    await takeFolder(folder)
    expect(await readdir(folder)).toEqual(['pid'])
  })
})
