/** As much of a browser as the sign-in pages need: it keeps one cookie, and sends what their forms and scripts send. */
import { request } from 'undici'

export const SITE = 'https://booking.example.com'

export interface Reply {
  status: number
  headers: Record<string, string | string[] | undefined>
  text: string
  location: string
}

export class Browser {
  cookie: string | undefined
  port: number

  constructor(port: number) {
    this.port = port
  }

  async send(method: 'GET' | 'POST', address: string, options: Sent = {}): Promise<Reply> {
    const { pathname, search } = new URL(address, SITE)
    const { statusCode, headers, body } = await request(`http://127.0.0.1:${this.port}${pathname}${search}`, {
      method,
      headers: { ...(this.cookie && { cookie: this.cookie }), ...options.headers },
      body: options.body,
    })
    const [set] = [headers['set-cookie'] ?? []].flat()
    if (set !== undefined) this.cookie = set.split(';')[0]
    return { status: statusCode, headers, text: await body.text(), location: String(headers.location ?? '') }
  }

  form(address: string, fields: Record<string, string>, headers: Record<string, string> = {}): Promise<Reply> {
    const own = { 'content-type': 'application/x-www-form-urlencoded', origin: 'null', ...headers }
    return this.send('POST', address, { body: new URLSearchParams(fields).toString(), headers: own })
  }

  json(address: string, fields: object, headers: Record<string, string> = {}): Promise<Reply> {
    const own = { 'content-type': 'application/json', origin: SITE, ...headers }
    return this.send('POST', address, { body: JSON.stringify(fields), headers: own })
  }
}

interface Sent {
  headers?: Record<string, string>
  body?: string
}

/** The CSRF token of a page's form or script. */
export const csrfIn = ({ text }: Reply): string => /(?:name="csrf" value|data-csrf)="([^"]*)"/.exec(text)?.[1] ?? ''

export const heading = ({ text }: Reply): string =>
  /<h1[^>]*>([^]*?)<\/h1>/
    .exec(text)?.[1]
    ?.replace(/<[^>]+>/g, '')
    .trim() ?? ''
