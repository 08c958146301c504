/**
 * Which proxy leads to a server, by the environment, as Go's `http.ProxyFromEnvironment` and with it kubectl has it:
 * `HTTPS_PROXY` for https, `HTTP_PROXY` for http, in capital letters first; never for this machine itself, and never for what
 * `NO_PROXY` names (`*`, a domain with all below it, an address, a network, each with or without a port). Pure.
 */
import { BlockList, isIP } from 'node:net'

export type Environment = Readonly<Record<string, string | undefined>>

/** The URL of the proxy; undefined: none. What is no URL of a proxy counts as none. */
export function proxyFromEnvironment(server: URL, env: Environment): string | undefined {
  const name = server.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY'
  const proxy = asProxy(anyOf(env, name))
  return proxy !== undefined && !isExcepted(server, anyOf(env, 'NO_PROXY')) ? proxy : undefined
}

const anyOf = (env: Environment, name: string): string => env[name] || env[name.toLowerCase()] || ''

/** Without a scheme it is http. */
function asProxy(text: string): string | undefined {
  const full = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`
  return text !== '' && isProxy(full) ? full : undefined
}

export const isProxy = (text: string): boolean =>
  URL.canParse(text) && ['http:', 'https:', 'socks5:', 'socks5h:'].includes(new URL(text).protocol)

function isExcepted(server: URL, noProxy: string): boolean {
  const host = bare(server.hostname)
  const port = server.port || (server.protocol === 'https:' ? '443' : '80')
  if (host === 'localhost' || isLoopback(host)) return true
  const rules = noProxy
    .toLowerCase()
    .split(',')
    .map((rule) => rule.trim())
  return rules.some((rule) => rule !== '' && matches(rule, host, port))
}

const bare = (host: string): string => host.replace(/^\[|\]$/g, '').toLowerCase()

const isLoopback = (host: string): boolean =>
  isIP(host) !== 0 && inNetwork(host, isIP(host) === 4 ? '127.0.0.0/8' : '::1/128')

function matches(rule: string, host: string, port: string): boolean {
  if (rule === '*') return true
  if (rule.includes('/')) return inNetwork(host, rule)
  const wanted = partsOf(rule)
  if (wanted.port !== '' && wanted.port !== port) return false
  return isIP(host) === 0
    ? inDomain(host, wanted.host)
    : inNetwork(host, `${wanted.host}/${isIP(host) === 4 ? 32 : 128}`)
}

/** An address of the sixth version has colons of its own. */
function partsOf(rule: string): { host: string; port: string } {
  const parts = isIP(rule) === 0 ? /^(.*):(\d+)$/.exec(rule) : null
  return { host: bare(parts?.[1] ?? rule), port: parts?.[2] ?? '' }
}

/** `example.com` is the host and all below it, `.example.com` and `*.example.com` only what is below. */
function inDomain(host: string, wanted: string): boolean {
  const domain = wanted.replace(/^\*\./, '.')
  if (['', '.'].includes(domain)) return false
  return host.endsWith(domain.startsWith('.') ? domain : `.${domain}`) || host === domain
}

function inNetwork(address: string, network: string): boolean {
  const [base = '', bits = ''] = network.split('/')
  const family = isIP(base)
  if (family === 0 || !/^\d{1,3}$/.test(bits) || Number(bits) > (family === 4 ? 32 : 128)) return false
  const list = new BlockList()
  const type = family === 4 ? 'ipv4' : 'ipv6'
  list.addSubnet(base, Number(bits), type)
  return isIP(address) === family && list.check(address, type)
}
