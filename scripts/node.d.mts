/** The major version of Node that the image runs, which the Dockerfile names. */
export function imageMajor(): string

/** The flags that the image starts Node with, from the entry point in the Dockerfile. */
export function imageNodeFlags(): string[]

/** The path of a Node of this major version. @throws Error when there is none and npm can't install one. */
export function findNode(major: string, env?: NodeJS.ProcessEnv): string
