/** What is remembered of published objects. */
import { expect, test } from 'vitest'
import { publishedObject, type PublishedObject } from '../../src/publishing/published-object.ts'
import { notWanted, observed, written, type PublicationState } from '../../src/publishing/state.ts'

const object = (text: string, resourceVersion: string): PublishedObject =>
  publishedObject({ kind: 'Secret', name: 'token', resourceVersion }, { access_token: text })

const seen = (state: PublicationState, found: PublishedObject | undefined): PublicationState =>
  observed(state, 'accessToken', { target: { kind: 'Secret', name: 'token' }, found, now: 0 })

const ours = written({}, 'accessToken', object('ours', '1'))
const isEdited = (state: PublicationState): boolean | undefined => state.accessToken?.isEdited

test('an object that somebody else has changed counts as edited until something of ours is written over it', () => {
  const edited = seen(ours, object('theirs', '2'))
  expect(isEdited(edited)).toBe(true)
  expect(isEdited(seen(edited, object('theirs', '3')))).toBe(true)
  expect(isEdited(written(edited, 'accessToken', object('ours', '4')))).toBe(false)
  expect(isEdited(ours)).toBe(false)
})

test('another version with the same data is not an edit, nor is what was found at the first look', () => {
  expect(isEdited(seen(ours, object('ours', '2')))).toBe(false)
  expect(isEdited(seen({}, object('theirs', '2')))).toBe(false)
})

test('an object that is missing differs from one that nobody has looked for', () => {
  expect(seen(ours, undefined).accessToken).toBeNull()
  expect(notWanted(ours, 'accessToken').accessToken).toBeUndefined()
})
