/** As much of a browser as a sign-in needs: it keeps cookies, follows no redirect by itself, and submits the form of a page. */

/** An answer that a browser shows. */
export interface Page {
  status: number
  /** Where a redirect leads. */
  location: string | undefined
  html: string
}

/** A browser with its cookies. */
export class Browser {
  readonly #cookies = new Map<string, string>()

  async open(url: string, form?: Record<string, string>): Promise<Page> {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const response = await fetch(url, {
      redirect: 'manual',
      headers: { ...(cookie === '' ? {} : { cookie }), origin: new URL(url).origin },
      ...(form && { method: 'POST', body: new URLSearchParams(form) }),
    })
    for (const line of response.headers.getSetCookie()) this.#keep(line)
    const to = response.headers.get('location')
    const location = to === null ? undefined : new URL(to, url).href
    return { status: response.status, location, html: await response.text() }
  }

  /** Submits the only form of a page. */
  submit(page: Page, url: string): Promise<Page> {
    const [, action = ''] = /<form[^>]* action="([^"]*)"/.exec(page.html) ?? []
    const fields = [...page.html.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g)]
    const form = Object.fromEntries(fields.map(([, name = '', value = '']) => [name, value]))
    return this.open(new URL(action, url).href, form)
  }

  #keep(line: string): void {
    const [, name = '', value = ''] = /^([^=;]*)=([^;]*)/.exec(line) ?? []
    if (value === '' || /;\s*max-age=0/i.test(line)) this.#cookies.delete(name)
    else this.#cookies.set(name, value)
  }
}
