/** The JSON Schemas of what is published, compiled so that a key which they do not describe is an error. */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { isRecord } from '../../src/platform/json.ts'

type Schema = Record<string, unknown>

const ajv = new Ajv2020({ allErrors: true, strict: true, strictTypes: false, strictRequired: false })
addFormats.default(ajv)

const checks = { 'busy.json': compile('busy'), 'events.json': compile('events') }

/** What a published text violates; empty if it is valid. */
export function schemaErrors(key: keyof typeof checks, text: string): string[] {
  const check = checks[key]
  if (check(JSON.parse(text)) === true) return []
  return (check.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message ?? ''}`)
}

function compile(name: string): ReturnType<typeof ajv.compile> {
  const path = resolve(import.meta.dirname, `../../schemas/${name}.schema.json`)
  return ajv.compile(closed(JSON.parse(readFileSync(path, 'utf8')) as Schema))
}

/** The same schema without room for further keys: readers must tolerate them, but we publish none. */
function closed(schema: Schema): Schema {
  const inner = Object.entries(schema).map(([key, value]) => [key, isRecord(value) ? closed(value) : value] as const)
  const isObject = schema.type === 'object' && isRecord(schema.properties)
  return { ...Object.fromEntries(inner), ...(isObject ? { additionalProperties: false } : {}) }
}
