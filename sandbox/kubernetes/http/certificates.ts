/** The certificate authority of one run. It signs the server's certificate and one for each user. Keys are ECDSA P-256. */
import 'reflect-metadata'
import { webcrypto } from 'node:crypto'
import * as x509 from '@peculiar/x509'

/** A certificate and its key, as PEM. */
export interface Pair {
  certificate: string
  key: string
}

/** A certificate authority. */
export interface Authority {
  certificate: string
  server: Pair
  issueClient(user: string): Promise<Pair>
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
// A test may set the clock to any time, so the certificates are always valid.
const VALID = { notBefore: new Date('2000-01-01T00:00:00Z'), notAfter: new Date('2049-12-31T00:00:00Z') }

const { digitalSignature, keyCertSign, cRLSign } = x509.KeyUsageFlags
const CLIENT = '1.3.6.1.5.5.7.3.2'
const SERVER = '1.3.6.1.5.5.7.3.1'

/** Makes a certificate authority, and the certificate of a server with these names. */
export async function createAuthority(hosts: { dns: string[]; ip: string[] }): Promise<Authority> {
  x509.cryptoProvider.set(webcrypto)
  const keys = await newKeys()
  const name = 'CN=calendar-operator sandbox'
  const root = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: '01',
    name,
    keys,
    signingAlgorithm: ALGORITHM,
    ...VALID,
    extensions: [
      new x509.BasicConstraintsExtension(true, 1, true),
      new x509.KeyUsagesExtension(keyCertSign | cRLSign, true),
    ],
  })
  let serial = 1
  const issue = async (subject: string, extensions: x509.Extension[]): Promise<Pair> => {
    const own = await newKeys()
    const certificate = await x509.X509CertificateGenerator.create({
      serialNumber: (++serial).toString(16).padStart(4, '0'),
      subject,
      issuer: name,
      publicKey: own.publicKey,
      signingKey: keys.privateKey,
      signingAlgorithm: ALGORITHM,
      ...VALID,
      extensions: [new x509.KeyUsagesExtension(digitalSignature, true), ...extensions],
    })
    return { certificate: certificate.toString('pem'), key: await keyPem(own.privateKey) }
  }
  const names: x509.JsonGeneralName[] = [
    ...hosts.dns.map((value) => ({ type: 'dns' as const, value })),
    ...hosts.ip.map((value) => ({ type: 'ip' as const, value })),
  ]
  return {
    certificate: root.toString('pem'),
    server: await issue('CN=kube-apiserver', [
      new x509.ExtendedKeyUsageExtension([SERVER]),
      new x509.SubjectAlternativeNameExtension(names),
    ]),
    issueClient: (user) => issue(`CN=${user}`, [new x509.ExtendedKeyUsageExtension([CLIENT])]),
  }
}

const newKeys = (): Promise<webcrypto.CryptoKeyPair> =>
  webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])

async function keyPem(key: webcrypto.CryptoKey): Promise<string> {
  const bytes = await webcrypto.subtle.exportKey('pkcs8', key)
  return x509.PemConverter.encode(bytes, 'PRIVATE KEY')
}
