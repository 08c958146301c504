/**
 * The format of OAuth client ids and project ids. Only a value with that format is sent to Google as an id, or shown; any other
 * value may be a secret that was pasted in its place. Pure.
 */
const CLIENT_ID = /^[\w-]{1,128}\.apps\.googleusercontent\.com$/
/** Six to thirty letters, digits and hyphens; the ids of older projects of an organisation begin with its domain. */
const PROJECT_ID = /^(?:[a-z0-9][a-z0-9.-]{0,62}:)?[a-z][a-z0-9-]{4,28}[a-z0-9]$/

/** Whether a text has the format of an OAuth client id. */
export const isClientId = (text: string): boolean => CLIENT_ID.test(text)

/** Whether a text has the format of a project id. */
export const isProjectId = (text: string): boolean => PROJECT_ID.test(text)

/** Returns a client id for use in a message; a value with another format is not repeated. */
export const clientIdShown = (text: string): string => (isClientId(text) ? text : 'a value that is not a client id')
