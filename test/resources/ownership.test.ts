import { describe, expect, test } from 'vitest'
import { isReservedName, MANAGED_BY, type Role } from '../../src/resources/names.ts'
import {
  isOurs,
  marksOf,
  ownershipOfGrant,
  ownershipOfPublished,
  withController,
} from '../../src/resources/ownership.ts'
import type { ObjectMeta, OwnerReference } from '../../src/resources/types.ts'

const alice = { metadata: { name: 'alice', uid: 'uid-of-alice' } }
const bob = { metadata: { name: 'bob', uid: 'uid-of-bob' } }
const earlierAlice = { metadata: { name: 'alice', uid: 'uid-of-an-earlier-alice' } }
const [byAlice, byBob, byEarlierAlice] = [alice, bob, earlierAlice].map((agent) => withController([], agent))
const bystander: OwnerReference = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'shop', uid: 'shop' }

const marked = (agent: typeof alice, role: Role) => marksOf(agent, role)
const named = (name: string, metadata: Partial<ObjectMeta>) => ({ metadata: { name, ...metadata } })

const published = (metadata: Partial<ObjectMeta>, about: { name?: string; shared?: boolean } = {}): string =>
  ownershipOfPublished(named(about.name ?? 'alice-calendar', metadata), alice, {
    role: 'calendar',
    isShared: () => about.shared ?? false,
  }).is

describe('a published object', () => {
  const marks = marked(alice, 'calendar')

  test.each<[string, Partial<ObjectMeta>, string]>([
    ['with our marks and this very Agent as its controller', { ...marks, ownerReferences: byAlice }, 'mine'],
    ['whose labels are lost', { annotations: marks.annotations, ownerReferences: byAlice }, 'restore'],
    ['whose annotation is lost', { labels: marks.labels, ownerReferences: byAlice }, 'restore'],
    ['that has the other role', { ...marked(alice, 'access-token'), ownerReferences: byAlice }, 'restore'],
    ['whose reference is lost', marks, 'restore'],
    ['whose reference is lost, with another owner beside', { ...marks, ownerReferences: [bystander] }, 'restore'],
    ['that an earlier Agent of the same name has', { ...marks, ownerReferences: byEarlierAlice }, 'foreign'],
    ['that another Agent has', { ...marked(bob, 'calendar'), ownerReferences: byBob }, 'foreign'],
    ['that another Agent has, whatever its marks', { ...marks, ownerReferences: byBob }, 'foreign'],
    ['that is another Agent’s by its annotation', marked(bob, 'calendar'), 'foreign'],
    ['of another role, without a controller', marked(alice, 'access-token'), 'foreign'],
    ['that names the Agent only', { annotations: marks.annotations }, 'foreign'],
    ['without marks', {}, 'foreign'],
  ])('%s', (_, metadata, verdict) => expect(published(metadata)).toBe(verdict))

  test.each<[string, Partial<ObjectMeta>, boolean, string]>([
    ['with this Agent as its controller', { ownerReferences: byAlice }, true, 'upgrade'],
    ['without a controller, that only this Agent names', {}, false, 'upgrade'],
    ['without a controller, that somebody else names too', {}, true, 'foreign'],
    ['with another controller', { ownerReferences: byBob }, false, 'foreign'],
    [
      'that is another Agent’s by its annotation',
      { annotations: marked(bob, 'calendar').annotations },
      false,
      'foreign',
    ],
  ])('of 0.1.0 %s', (_, metadata, shared, verdict) => {
    expect(published({ labels: MANAGED_BY, ...metadata }, { shared })).toBe(verdict)
  })

  test.each(['bob-google-grant', 'alice-google-grant', 'calendar-operator-keys'])('is never %s', (name) => {
    expect(isReservedName(name)).toBe(true)
    expect(published({ labels: MANAGED_BY, ownerReferences: byAlice }, { name })).toBe('foreign')
    expect(published({ ...marks, ownerReferences: byAlice }, { name })).toBe('foreign')
  })

  test('of somebody else says whose it is', () => {
    const whose = (metadata: Partial<ObjectMeta>) =>
      ownershipOfPublished(named('x', metadata), alice, { role: 'calendar', isShared: () => false })
    expect(whose({ ownerReferences: byBob })).toMatchObject({ whose: 'belongs to Agent bob' })
    expect(whose(marked(bob, 'calendar'))).toMatchObject({ whose: 'belongs to Agent bob' })
    expect(whose({})).toMatchObject({ whose: 'was made by somebody else' })
  })
})

type Held = ReturnType<NonNullable<Parameters<typeof ownershipOfGrant>[2]>>

const grant = (metadata: Partial<ObjectMeta>, held?: Held) =>
  ownershipOfGrant(named('alice-google-grant', metadata), alice, held && (() => held))

describe('a grant', () => {
  const marks = marked(alice, 'grant')

  test.each<[string, Partial<ObjectMeta>, string]>([
    ['with our marks', marks, 'mine'],
    ['whose annotation is lost', { labels: marks.labels }, 'restore'],
    [
      'whose first label is lost',
      { labels: { 'app.kubernetes.io/component': 'grant' }, annotations: marks.annotations },
      'restore',
    ],
    ['with an owner that is no controller', { ...marks, ownerReferences: [bystander] }, 'mine'],
    ['with this Agent as its controller', { ...marks, ownerReferences: byAlice }, 'foreign'],
    ['with another controller', { ...marks, ownerReferences: byBob }, 'foreign'],
    ['that is another Agent’s by its annotation', marked(bob, 'grant'), 'foreign'],
    ['with the role of something published', marked(alice, 'access-token'), 'foreign'],
    ['with a role only, which others use too', { labels: { 'app.kubernetes.io/component': 'grant' } }, 'foreign'],
    ['without marks', {}, 'foreign'],
  ])('%s', (_, metadata, verdict) => expect(grant(metadata).is).toBe(verdict))

  test.each([
    ['that holds a token of the account', { refreshToken: true, accountFits: true }, 'upgrade'],
    ['that holds no token', { refreshToken: false, accountFits: true }, 'foreign'],
    ['of another account', { refreshToken: true, accountFits: false }, 'foreign'],
    ['that nobody has read yet', undefined, 'upgrade'],
  ])('of 0.1.0 %s', (_, held, verdict) => expect(grant({ labels: MANAGED_BY }, held).is).toBe(verdict))

  test('of 0.1.0 with a controller belongs to nobody, and says what to do', () => {
    const found = grant({ labels: MANAGED_BY, ownerReferences: byBob }, { refreshToken: true, accountFits: true })
    expect('todo' in found && found.todo).toContain('remove its owner reference to Agent bob before')
  })
})

describe('the marks of the operator', () => {
  test.each<[string, Partial<ObjectMeta>, boolean]>([
    ['are its label', { labels: MANAGED_BY }, true],
    [
      'are a role and the annotation',
      { ...marked(bob, 'grant'), labels: { 'app.kubernetes.io/component': 'grant' } },
      true,
    ],
    ['are no role alone, which others use too', { labels: { 'app.kubernetes.io/component': 'grant' } }, false],
    ['are not there', {}, false],
  ])('%s', (_, metadata, verdict) => expect(isOurs(named('x', metadata))).toBe(verdict))
})
