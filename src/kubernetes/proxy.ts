/**
 * Chooses the proxy for a server from the environment as kubectl does (Go's `http.ProxyFromEnvironment`): `HTTPS_PROXY` for
 * HTTPS, `HTTP_PROXY` for HTTP, upper case before lower case; none for this machine itself, and none for what `NO_PROXY` names
 * (`*`, a domain with its subdomains, an address, a network, each with or without a port). Pure.
 */
import { BlockList, isIP } from 'node:net'
import { parseURL } from '../platform/url.ts'

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>

/** Returns the URL of the proxy; undefined if there is none, or if the variable is not the URL of a proxy. */
export function proxyFromEnvironment(server: URL, env: Environment): string | undefined {
  const name = server.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY'
  const proxy = asProxy(anyOf(env, name))
  return proxy !== undefined && !isExcepted(server, anyOf(env, 'NO_PROXY')) ? proxy : undefined
}

const anyOf = (env: Environment, name: string): string => env[name] || env[name.toLowerCase()] || ''

/** Parses the URL of a proxy. Without a scheme it is HTTP. */
function asProxy(text: string): string | undefined {
  const full = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`
  return isProxy(full) ? full : undefined
}

/** Whether a text is the URL of a proxy that can be used. */
export const isProxy = (text: string): boolean =>
  ['http:', 'https:', 'socks5:', 'socks5h:'].includes(parseURL(text)?.protocol ?? '')

function isExcepted(server: URL, noProxy: string): boolean {
  const host = bare(server.hostname)
  const port = server.port || (server.protocol === 'https:' ? '443' : '80')
  if (host === 'localhost' || isLoopback(host)) return true
  const rules = noProxy.split(',').map((rule) => rule.trim())
  return rules.some((rule) => matches(rule, host, port))
}

const bare = (host: string): string => host.replace(/^\[|\]$/g, '').toLowerCase()

const isLoopback = (host: string): boolean => inNetwork(host, isIP(host) === 4 ? '127.0.0.0/8' : '::1/128')

function matches(rule: string, host: string, port: string): boolean {
  if (rule === '*') return true
  if (rule.includes('/')) return inNetwork(host, rule)
  const wanted = partsOf(rule)
  if (wanted.port !== '' && wanted.port !== port) return false
  return isIP(host) === 0
    ? inDomain(host, wanted.host)
    : inNetwork(host, `${wanted.host}/${isIP(host) === 4 ? 32 : 128}`)
}

/** An IPv6 address contains colons itself. */
function partsOf(rule: string): { host: string; port: string } {
  const parts = isIP(rule) === 0 ? /^(.*):(\d+)$/.exec(rule) : null
  return { host: bare(parts?.[1] ?? rule), port: parts?.[2] ?? '' }
}

/** `example.com` means the host and its subdomains, `.example.com` and `*.example.com` only the subdomains. */
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
