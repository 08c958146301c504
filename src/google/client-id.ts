/**
 * The form of an OAuth client's id and of a project's. Only a value of that form is sent to Google as an id, or shown: anything
 * else in its place may be a secret. Pure.
 */
const CLIENT_ID = /^[\w-]{1,128}\.apps\.googleusercontent\.com$/
/** Six to thirty letters, digits and hyphens; older projects of an organisation begin with its domain. */
const PROJECT_ID = /^(?:[a-z0-9][a-z0-9.-]{0,62}:)?[a-z][a-z0-9-]{4,28}[a-z0-9]$/

/** Whether this has the form of an OAuth client's id. */
export const isClientId = (text: string): boolean => CLIENT_ID.test(text)

/** Whether this has the form of a project's id. */
export const isProjectId = (text: string): boolean => PROJECT_ID.test(text)

/** A client id as a message may show it: a value of another form is not repeated. */
export const clientIdShown = (text: string): string => (isClientId(text) ? text : 'a value that is no client id')
