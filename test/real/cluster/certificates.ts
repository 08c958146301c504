/** A certificate authority for one cluster's life, without `openssl`: ECDSA on P-256. */
import 'reflect-metadata'
import { webcrypto } from 'node:crypto'
import { isIP } from 'node:net'
import * as x509 from '@peculiar/x509'

/** PEM, both. */
export interface Credentials {
  certificate: string
  key: string
}

export interface Authority {
  /** PEM; what clients and servers trust. */
  certificate: string
  /** A client certificate: Kubernetes takes the common name for the user's name, organizations for the groups. */
  client(user: string, groups?: readonly string[]): Promise<Credentials>
  /** A serving certificate for DNS names and IP addresses. */
  server(names: readonly string[]): Promise<Credentials>
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const DAY_MS = 24 * 60 * 60 * 1000

/** Its certificates are valid from a day before `now` (clocks differ) until ten days after. */
export async function createAuthority(now: number): Promise<Authority> {
  const validity = { notBefore: new Date(now - DAY_MS), notAfter: new Date(now + 10 * DAY_MS) }
  const keys = await generateKeys()
  const root = await x509.X509CertificateGenerator.createSelfSigned({
    ...validity,
    name: [{ CN: ['calendar-operator test authority'] }],
    keys,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
    ],
  })
  const issue = async (subject: x509.JsonName, extensions: x509.Extension[]): Promise<Credentials> => {
    const { privateKey, publicKey } = await generateKeys()
    const from = { issuer: root.subjectName, signingKey: keys.privateKey, signingAlgorithm: ALGORITHM }
    const leaf = await x509.X509CertificateGenerator.create({ ...validity, ...from, subject, publicKey, extensions })
    const key = await webcrypto.subtle.exportKey('pkcs8', privateKey)
    return { certificate: leaf.toString('pem'), key: x509.PemConverter.encode(key, 'PRIVATE KEY') }
  }
  return {
    certificate: root.toString('pem'),
    client: (user, groups = []) => {
      const name = [...groups.map((group) => ({ O: [group] })), { CN: [user] }]
      return issue(name, [new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth])])
    },
    server: (names) => {
      const alternatives = names.map((value) => ({ type: isIP(value) ? ('ip' as const) : ('dns' as const), value }))
      const use = new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth])
      return issue([{ CN: ['server'] }], [use, new x509.SubjectAlternativeNameExtension(alternatives)])
    },
  }
}

function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])
}
