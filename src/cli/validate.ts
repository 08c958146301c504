/**
 * The cli room: the commands `validate`, `status` and `connect`. Their output is for people. They touch only what their `deps` give
 * them: files and standard input, the API server with the user's own permissions, and the terminal. They write nothing to the
 * cluster and send nothing to Google.
 *
 * This file is `calendar-operator validate FILE…`, which checks manifests without a cluster, for editors and pipelines: what the
 * API server would check, and what the API server cannot check because it sees one object at a time.
 */
import { errorCode } from '../platform/errors.ts'
import { isRecord } from '../platform/json.ts'
import { crds } from '../resources/generated/crds.ts'
import { GROUP_VERSION } from '../resources/names.ts'
import { createValidator, type Validator } from '../resources/validate.ts'
import type { CustomResourceDefinition } from '../resources/types.ts'
import { parseManifests, type Manifest, type Parsed, type Remark } from './documents.ts'
import { classifyDocument } from './document-kind.ts'
import { singleLineWriter } from './terminal.ts'
import { crossObjectRemarks } from './cross-object-checks.ts'
import type { ValidatedManifest } from './manifest-remarks.ts'
import { problemMessage } from './messages.ts'

/** What the command needs from outside. */
interface ValidateDeps {
  /** Reads a file as text. @throws as `fs.readFile` does. */
  readFile(path: string): Promise<string>
  readStdin(): Promise<string>
  /** Writes one line; the line has no newline. */
  write(line: string): void
}

interface KindValidator {
  crd: CustomResourceDefinition
  validator: Validator
}

interface Validation {
  remarks: Remark[]
  ours: ValidatedManifest[]
  skipped: string[]
}

/**
 * Runs the command: writes one line for each remark. Returns the exit code: 0, or 1 if there is a problem. Input without any object is
 * one, as it is for `kubectl apply`: whatever should have written it has failed. `-` is standard input.
 */
export async function validate(files: readonly string[], unsafe: ValidateDeps): Promise<number> {
  const deps = { ...unsafe, write: singleLineWriter((line) => unsafe.write(line)) }
  if (files.length === 0) {
    deps.write('name at least one file to validate, or - for standard input')
    return 1
  }
  const read = await Promise.all(files.map((file) => readManifests(file, deps)))
  const validation = validateAll(read.flatMap(({ manifests }) => manifests))
  const remarks = [...read.flatMap((one) => one.remarks), ...validation.remarks, ...crossObjectRemarks(validation.ours)]
  if (read.every((one) => one.manifests.length + one.remarks.length === 0)) {
    deps.write(`found no object in ${files.map((file) => (file === '-' ? 'standard input' : file)).join(', ')}`)
    return 1
  }
  for (const remark of inOrder(remarks, files)) deps.write(lineFor(remark))
  deps.write(summary(validation, remarks))
  return remarks.some(({ level }) => level === 'problem') ? 1 : 0
}

async function readManifests(file: string, deps: ValidateDeps): Promise<Parsed> {
  const name = file === '-' ? 'stdin' : file
  try {
    return parseManifests(name, await (file === '-' ? deps.readStdin() : deps.readFile(file)))
  } catch (error) {
    return { manifests: [], remarks: [{ file: name, line: 0, level: 'problem', text: unreadableText(error) }] }
  }
}

function unreadableText(error: unknown): string {
  const code = errorCode(error)
  if (code === 'ENOENT') return 'there is no such file'
  if (code === 'EISDIR') return 'is a directory; name the files in it'
  if (code === 'EACCES') return 'may not be read'
  return `cannot be read${code === '' ? '' : ` (${code})`}`
}

function validateAll(manifests: Manifest[]): Validation {
  const validators = new Map(crds.map((crd) => [crd.spec.names.kind, { crd, validator: createValidator(crd) }]))
  const validation: Validation = { remarks: [], ours: [], skipped: [] }
  for (const manifest of manifests) {
    const document = classifyDocument(manifest.object, [...validators.keys()])
    if (document.is === 'other') validation.skipped.push(document.kind)
    else if (document.is === 'wrong') validation.remarks.push(remarkOn(manifest, document))
    else validateOne(manifest, validators.get(document.kind), validation)
  }
  return validation
}

const remarkOn = (manifest: Manifest, wrong: { field: string; text: string }): Remark => ({
  file: manifest.file,
  line: manifest.lineOf([wrong.field]),
  level: 'problem',
  text: `${wrong.field}: ${wrong.text}`,
})

function validateOne(manifest: Manifest, kindValidator: KindValidator | undefined, validation: Validation): void {
  if (!kindValidator) return
  const { crd, validator } = kindValidator
  const schema = crd.spec.versions.find(({ name }) => name === validator.version)?.schema.openAPIV3Schema ?? {}
  const unknown = validator.unknownFields(manifest.object)
  const object = validator.default(validator.prune(manifest.object))
  const problems = [...unknown, ...validator.problems(object)]
  const isValid = problems.length === 0
  validation.ours.push({
    manifest,
    kind: validator.kind,
    ...nameOf(manifest.object),
    object: isValid ? (object as ValidatedManifest['object']) : undefined,
  })
  // A format and a pattern may both find fault with a value, which is one mistake to the person.
  const texts = new Map(problems.map((problem) => [problemMessage(problem, schema), problem]))
  for (const [text, { at }] of texts) {
    validation.remarks.push({ file: manifest.file, line: manifest.lineOf(at), level: 'problem', text })
  }
}

function nameOf({ metadata }: Record<string, unknown>): { namespace: string; name: string } {
  const { namespace, name } = isRecord(metadata) ? metadata : {}
  return { namespace: typeof namespace === 'string' ? namespace : '', name: typeof name === 'string' ? name : '' }
}

/** By file in the order of the arguments, then by line. */
function inOrder(remarks: Remark[], files: readonly string[]): Remark[] {
  const order = (file: string): number => files.indexOf(file === 'stdin' && !files.includes(file) ? '-' : file)
  return [...remarks].sort((a, b) => order(a.file) - order(b.file) || a.line - b.line)
}

const lineFor = ({ file, line, level, text }: Remark): string =>
  `${file}:${line === 0 ? '' : `${line}:`} ${level === 'note' ? 'note: ' : ''}${text}`

function summary({ ours, skipped }: Validation, remarks: Remark[]): string {
  const problems = remarks.filter(({ level }) => level === 'problem').length
  const parts = [`${counted(ours.length, 'object')} of ${GROUP_VERSION}`, counted(problems, 'problem')]
  if (skipped.length > 0) parts.push(`${skipped.length} of other kinds skipped (${tally(skipped)})`)
  return parts.join(', ')
}

const counted = (count: number, noun: string): string =>
  `${count === 0 ? 'no' : count} ${noun}${count === 1 ? '' : 's'}`

function tally(names: string[]): string {
  const counts = new Map<string, number>()
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1)
  return [...counts].map(([name, count]) => `${count} ${name}`).join(', ')
}
