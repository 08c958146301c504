/** `make tools`: finds or builds all programs that tests use, so that no test has to wait for them. */
import { findPrograms } from './assets.ts'
import { findTool, TOOLS } from './tools.ts'

const programs = await findPrograms()
for (const path of Object.values(programs)) console.log(path)
for (const tool of TOOLS) console.log(await findTool(tool))
