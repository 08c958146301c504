// The CRDs as a TypeScript module, for a program that is bundled into one file.

/** Returns the text of the module. */
export function embeddedCrds(crds) {
  return [
    '// Generated from crds/ by `npm run generate`: change the CRD, not this file.',
    "import type { CustomResourceDefinition } from '../types.ts'",
    '',
    `export const crds: readonly CustomResourceDefinition[] = ${JSON.stringify(crds, null, 2)}`,
    '',
  ].join('\n')
}
