/** Through which proxy the API server is asked: as Go's `http.ProxyFromEnvironment` decides. */
import { describe, expect, it } from 'vitest'
import { isProxy, proxyFromEnvironment, type Environment } from '../../src/kubernetes/proxy.ts'

const PROXY = 'http://10.1.1.1:3128'
const through = (server: string, env: Environment): string | undefined => proxyFromEnvironment(new URL(server), env)

describe('the proxy', () => {
  it.each<[string, string, Environment, string | undefined]>([
    ['of HTTPS', 'https://a.example', { HTTPS_PROXY: PROXY, HTTP_PROXY: 'http://other' }, PROXY],
    ['of HTTP', 'http://a.example', { HTTP_PROXY: PROXY, HTTPS_PROXY: 'http://other' }, PROXY],
    ['in small letters', 'https://a.example', { https_proxy: PROXY }, PROXY],
    [
      'in capital letters before small ones',
      'https://a.example',
      { HTTPS_PROXY: PROXY, https_proxy: 'http://x' },
      PROXY,
    ],
    ['in small letters where the other is empty', 'https://a.example', { HTTPS_PROXY: '', https_proxy: PROXY }, PROXY],
    ['without a scheme', 'https://a.example', { HTTPS_PROXY: '10.1.1.1:3128' }, PROXY],
    ['that is none', 'https://a.example', { HTTPS_PROXY: 'ftp://10.1.1.1' }, undefined],
    ['that is not set', 'https://a.example', {}, undefined],
    ['for this machine by name', 'https://localhost:6443', { HTTPS_PROXY: PROXY }, undefined],
    ['for this machine by address', 'https://127.8.8.8', { HTTPS_PROXY: PROXY }, undefined],
    ['for this machine by IPv6', 'https://[::1]:6443', { HTTPS_PROXY: PROXY }, undefined],
    ['for a name that begins like an address of this machine', 'https://127.example', { HTTPS_PROXY: PROXY }, PROXY],
  ])('%s', (_, server, env, expected) => {
    expect(through(server, env)).toBe(expected)
  })

  it.each([
    ['http://a', true],
    ['https://a', true],
    ['socks5://a', true],
    ['socks5h://a', true],
    ['ftp://a', false],
    ['a', false],
  ])('may be %s: %s', (text, expected) => {
    expect(isProxy(text)).toBe(expected)
  })
})

describe('NO_PROXY', () => {
  it.each<[string, string, boolean]>([
    ['*', 'https://a.example', true],
    ['', 'https://a.example', false],
    [' , ', 'https://a.example', false],
    ['.', 'https://a.example', false],
    ['example', 'https://a.example', true],
    ['EXAMPLE', 'https://A.example', true],
    ['a.example', 'https://a.example', true],
    ['.example', 'https://a.example', true],
    ['.a.example', 'https://a.example', false],
    ['*.example', 'https://a.example', true],
    ['*.a.example', 'https://a.example', false],
    ['ample', 'https://a.example', false],
    ['x, a.example', 'https://a.example', true],
    ['a.example:443', 'https://a.example', true],
    ['a.example:80', 'http://a.example', true],
    ['a.example:6443', 'https://a.example:6443', true],
    ['a.example:443', 'https://a.example:6443', false],
    ['10.0.0.1', 'https://10.0.0.1', true],
    ['10.0.0.1', 'https://10.0.0.2', false],
    ['10.0.0.1:6443', 'https://10.0.0.1:6443', true],
    ['10.0.0.1:6443', 'https://10.0.0.1', false],
    ['10.0.0.0/8', 'https://10.200.0.1', true],
    ['10.0.0.0/8', 'https://11.0.0.1', false],
    ['10.0.0.0/33', 'https://10.0.0.1', false],
    ['10.0.0.0/x', 'https://10.0.0.1', false],
    ['10.0.0.0/', 'https://10.0.0.1', false],
    ['a.example/8', 'https://a.example', false],
    ['fd00::/8', 'https://[fd00::1]', true],
    ['fd00::/8', 'https://[fe00::1]', false],
    ['fd00::/8', 'https://10.0.0.1', false],
    ['0.0.0.0/0', 'https://[fd00::1]', false],
    ['fd00::1', 'https://[fd00::1]', true],
    ['FD00:0:0::1', 'https://[fd00::1]', true],
    ['fd00::1', 'https://[fd00::2]', false],
    ['FD00::/8', 'https://[fd00::1]', true],
    ['[fd00::1]:6443', 'https://[fd00::1]:6443', true],
    ['[fd00::1]:6443', 'https://[fd00::1]', false],
    ['10.0.0.1', 'https://a.example', false],
    ['example', 'https://10.0.0.1', false],
  ])('"%s" excepts %s: %s', (rule, server, isExcepted) => {
    const env = { HTTPS_PROXY: PROXY, HTTP_PROXY: PROXY, NO_PROXY: rule }
    expect(through(server, env)).toBe(isExcepted ? undefined : PROXY)
  })

  it('may be written in small letters', () => {
    expect(through('https://a.example', { HTTPS_PROXY: PROXY, no_proxy: 'example' })).toBeUndefined()
  })
})
