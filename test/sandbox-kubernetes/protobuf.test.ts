import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readProtobuf } from '../../sandbox/kubernetes/http/protobuf.ts'
import { APIError } from '../../sandbox/kubernetes/model/api-errors.ts'
import { runs } from '../support/runs.ts'

const bytes = (...parts: (number | string | Buffer)[]) =>
  Buffer.concat(parts.map((part) => (typeof part === 'number' ? Buffer.from([part]) : Buffer.from(part))))
/** A field with a length: its number and its content. */
const field = (number: number, ...parts: (number | string | Buffer)[]) => {
  const inside = bytes(...parts)
  return bytes((number << 3) | 2, inside.length, inside)
}
const envelope = (kind: string, raw: Buffer) =>
  bytes('k8s\0', field(1, field(1, 'v1'), field(2, kind)), field(2, raw), field(3, ''), field(4, ''))

describe('a body in protobuf', () => {
  it('is read as the object that kubectl made of it', () => {
    const label = field(11, field(1, 'team'), field(2, 'a'))
    const created = field(8, '')
    const metadata = field(1, field(1, 'grant'), field(2, ''), created, label, field(14, 'a/b'), field(14, 'c/d'))
    const secret = bytes(
      metadata,
      field(2, field(1, 'token'), field(2, Buffer.from([0, 255]))),
      field(3, 'Opaque'),
      0x28,
      1,
    )
    expect(readProtobuf(envelope('Secret', secret))).toEqual({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'grant', labels: { team: 'a' }, finalizers: ['a/b', 'c/d'] },
      data: { token: 'AP8=' },
      type: 'Opaque',
      immutable: true,
    })
  })

  it('of another kind is refused by its name', () => {
    expect(() => readProtobuf(envelope('Pod', bytes()))).toThrow('reads a Pod as application/json')
  })

  it('that ends too early is refused', () => {
    const whole = envelope('Namespace', field(1, field(1, 'booking')))
    expect(() => readProtobuf(whole.subarray(0, whole.length - 6))).toThrow('ends in the middle of a field')
  })

  it('that is broken is refused, never misread into a crash', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.boolean(), (noise, wrapped) => {
        const body = wrapped ? envelope('Namespace', Buffer.from(noise)) : bytes('k8s\0', Buffer.from(noise))
        try {
          expect(readProtobuf(body)).toBeTypeOf('object')
        } catch (error) {
          expect(error).toBeInstanceOf(APIError)
        }
      }),
      { seed: 45, numRuns: runs(2000) },
    )
  })
})
