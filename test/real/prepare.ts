/** `make tools`: finds or builds every program of others that tests use, so that none of them has to wait for it. */
import { findPrograms } from './assets.ts'
import { findTool, TOOLS } from './tools.ts'

const programs = await findPrograms()
for (const path of Object.values(programs)) console.log(path)
for (const tool of TOOLS) console.log(await findTool(tool))
