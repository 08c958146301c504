/**
 * A certificate authority for one cluster's life: X.509 written out in DER, since Node makes keys and signatures but no
 * certificates, and `openssl` must not be needed. ECDSA on P-256; what kube-apiserver, kubectl and Node ask for, no more.
 */
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { isIP } from 'node:net'

/** PEM, both. */
export interface Credentials {
  certificate: string
  key: string
}

export interface Authority {
  /** PEM; what clients and servers trust. */
  certificate: string
  /** A client certificate: Kubernetes takes the common name for the user's name, organizations for the groups. */
  client(user: string, groups?: readonly string[]): Credentials
  /** A serving certificate for DNS names and IPv4 addresses. */
  server(names: readonly string[]): Credentials
}

interface Subject {
  commonName: string
  organizations?: readonly string[]
}

const DAY_MS = 24 * 60 * 60 * 1000

/** Valid from a day before `now` (clocks differ) until ten days after. */
export function createAuthority(now: number): Authority {
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const issuer: Subject = { commonName: 'calendar-operator test authority' }
  const issue = (subject: Subject, publicKey: KeyObject, extensions: Buffer[]) => {
    const validity = sequence(time(now - DAY_MS), time(now + 10 * DAY_MS))
    const certificate = { subject: name(subject), issuer: name(issuer), validity, publicKey, extensions }
    return signed(certificate, keys.privateKey)
  }
  const leaf = (subject: Subject, extensions: Buffer[]): Credentials => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
    return { certificate: issue(subject, publicKey, extensions), key }
  }
  return {
    certificate: issue(issuer, keys.publicKey, [IS_AUTHORITY, USE_TO_SIGN_CERTIFICATES]),
    client: (user, groups = []) => leaf({ commonName: user, organizations: groups }, [USE_AS_CLIENT]),
    server: (names) => leaf({ commonName: names[0] ?? 'server' }, [USE_AS_SERVER, alternativeNames(names)]),
  }
}

interface ToBeSigned {
  subject: Buffer
  issuer: Buffer
  validity: Buffer
  publicKey: KeyObject
  extensions: Buffer[]
}

/** RFC 5280 §4.1: TBSCertificate, algorithm, signature. */
function signed(certificate: ToBeSigned, authorityKey: KeyObject): string {
  const body = sequence(
    context(0, integer(Buffer.from([2]))),
    integer(Buffer.concat([Buffer.from([0x01]), randomBytes(15)])),
    ECDSA_WITH_SHA256,
    certificate.issuer,
    certificate.validity,
    certificate.subject,
    certificate.publicKey.export({ type: 'spki', format: 'der' }),
    context(3, sequence(...certificate.extensions)),
  )
  const der = sequence(body, ECDSA_WITH_SHA256, bitString(sign('sha256', body, authorityKey)))
  const lines = der.toString('base64').match(/.{1,64}/g) ?? []
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n')
}

function name({ commonName, organizations = [] }: Subject): Buffer {
  const attribute = (type: string, value: string) => tagged(0x31, sequence(oid(type), tagged(0x0c, Buffer.from(value))))
  return sequence(...organizations.map((value) => attribute('2.5.4.10', value)), attribute('2.5.4.3', commonName))
}

function alternativeNames(names: readonly string[]): Buffer {
  const entry = (value: string) =>
    isIP(value) === 4 ? tagged(0x87, Buffer.from(value.split('.').map(Number))) : tagged(0x82, Buffer.from(value))
  return extension('2.5.29.17', sequence(...names.map(entry)))
}

// DER: a tag, the length, the content.

function tagged(tag: number, ...content: Uint8Array[]): Buffer {
  const body = Buffer.concat(content)
  if (body.length < 0x80) return Buffer.concat([Buffer.from([tag, body.length]), body])
  const hex = body.length.toString(16)
  const length = Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex')
  return Buffer.concat([Buffer.from([tag, 0x80 | length.length]), length, body])
}

function sequence(...items: Uint8Array[]): Buffer {
  return tagged(0x30, ...items)
}

function context(number: number, content: Buffer): Buffer {
  return tagged(0xa0 | number, content)
}

/** The caller sees to it that the first bit is not set, which would make it negative. */
function integer(bytes: Buffer): Buffer {
  return tagged(0x02, bytes)
}

function bitString(bytes: Buffer): Buffer {
  return tagged(0x03, Buffer.from([0]), bytes)
}

/** UTCTime, good until 2049. */
function time(at: number): Buffer {
  const digits = new Date(at).toISOString().replace(/[-:T]|\.\d+/g, '')
  return tagged(0x17, Buffer.from(digits.slice(2)))
}

function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  return tagged(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]))
}

function base128(value: number): number[] {
  const digits = [value & 0x7f]
  for (let left = value >> 7; left > 0; left >>= 7) digits.unshift((left & 0x7f) | 0x80)
  return digits
}

function extension(id: string, value: Buffer, critical = false): Buffer {
  const flag = critical ? [tagged(0x01, Buffer.from([0xff]))] : []
  return sequence(oid(id), ...flag, tagged(0x04, value))
}

const ECDSA_WITH_SHA256 = sequence(oid('1.2.840.10045.4.3.2'))
const IS_AUTHORITY = extension('2.5.29.19', sequence(tagged(0x01, Buffer.from([0xff]))), true)
/** keyCertSign, the sixth bit. */
const USE_TO_SIGN_CERTIFICATES = extension('2.5.29.15', tagged(0x03, Buffer.from([2, 0x04])), true)
const USE_AS_SERVER = extension('2.5.29.37', sequence(oid('1.3.6.1.5.5.7.3.1')))
const USE_AS_CLIENT = extension('2.5.29.37', sequence(oid('1.3.6.1.5.5.7.3.2')))
