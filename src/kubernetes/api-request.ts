/** A request to the API server. Pure. */

/** An HTTP method that the Kubernetes API uses. */
export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** A request to the Kubernetes API. */
export interface ApiRequest {
  method: Method
  /** Below the API's base path, with its query. */
  path: string
  body?: unknown
  /** `application/json` by default. */
  contentType?: string
  accept?: string
}

/** Method and path, for messages; without the query, since a continue token means nothing to people. */
export const describeRequest = ({ method, path }: ApiRequest): string => `${method} ${path.split('?')[0] ?? path}`
