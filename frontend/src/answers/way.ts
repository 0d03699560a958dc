// From a batch's type and answer schema to the way in which its answers are given.
import type { Key } from '../texts/plural'
import { isReview } from './review'
import type { Json } from './schema'

/** A `word` is said in the reader's language; a label is the requester's. */
export type Choice = { value: unknown; label: string; word: Key | null; key: string }
export type Field = { name: string; title: string; isOptional: boolean; schema: Json } & (
  | { kind: 'text' | 'long_text' | 'number' | 'integer' | 'yes_no' | 'date' }
  | { kind: 'one_of' | 'any_of'; choices: unknown[] }
  | { kind: 'scale'; least: number; most: number }
)
export type Way =
  | { kind: 'choice'; choices: Choice[] }
  | { kind: 'several'; choices: Choice[] }
  | { kind: 'text'; maximum: number | null; language: string | null }
  | { kind: 'number'; whole: boolean }
  | { kind: 'transcript'; maximum: number | null }
  | { kind: 'moderation'; decisions: Choice[]; rules: string[] }
  | { kind: 'boxes'; labels: string[]; least: number; most: number }
  | { kind: 'fields'; fields: Field[] }
  | { kind: 'research'; maximum: number | null }
  | { kind: 'file'; mediaTypes: string[] | null; most: number | null }
  | { kind: 'external' }
  | { kind: 'verdict' }
  | { kind: 'unknown' }

const KEYS = '1234567890abcdefghijklmnopqrstuvwxyz'
const WORDS: Record<string, Record<string, Key>> = {
  entity_match: { same: 'answer.same', different: 'answer.different', unsure: 'answer.unsure' },
  preference: { a: 'answer.a', b: 'answer.b', tie: 'answer.tie' },
  moderation: {
    allow: 'answer.allow',
    remove: 'answer.remove',
    restrict: 'answer.restrict',
    escalate: 'answer.escalate',
  },
}
const LONG_TEXT = 1_000
const WIDEST_SCALE = 10
const LANGUAGE = /\b([A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*)$/

/** Types say how they are answered; `choice` and `text` may bring a schema of their own, which is then read by its shape. */
export function wayOf(type: string | null, schema: Json): Way {
  const properties = (schema['properties'] ?? {}) as Record<string, Json>
  switch (type) {
    case 'boxes': {
      const item = (((schema['items'] ?? {}) as Json)['properties'] ?? {}) as Record<string, Json>
      const labels = (item['label']?.['enum'] ?? []) as string[]
      return { kind: 'boxes', labels, least: Number(schema['minItems'] ?? 0), most: Number(schema['maxItems'] ?? 100) }
    }
    case 'moderation': {
      const rules = ((properties['rule']?.['enum'] ?? []) as (string | null)[]).filter((rule) => rule !== null)
      return { kind: 'moderation', decisions: choicesOf(properties['decision'] ?? {}, 'moderation') ?? [], rules }
    }
    case 'transcription':
      return { kind: 'transcript', maximum: numberOf(properties['text']?.['maxLength']) }
    case 'web_research':
      return { kind: 'research', maximum: numberOf(properties['answer']?.['maxLength']) }
    case 'file': {
      const kinds = properties['media_type']?.['enum']
      return {
        kind: 'file',
        mediaTypes: Array.isArray(kinds) ? kinds.map(String) : null,
        most: numberOf(properties['bytes']?.['maximum']),
      }
    }
    case 'external':
      return { kind: 'external' }
  }
  return byShape(type, schema)
}

function byShape(type: string | null, schema: Json): Way {
  if (isReview(schema)) return { kind: 'verdict' }
  const options = choicesOf(schema, type)
  if (options) return { kind: 'choice', choices: options }
  if (schema['type'] === 'string') {
    const language = type === 'translation' ? LANGUAGE.exec(String(schema['title'] ?? ''))?.[1] : null
    return { kind: 'text', maximum: numberOf(schema['maxLength']), language: language ?? null }
  }
  if (schema['type'] === 'integer' || schema['type'] === 'number')
    return { kind: 'number', whole: schema['type'] === 'integer' }
  if (schema['type'] === 'array') {
    const several = choicesOf((schema['items'] ?? {}) as Json, type)
    if (several) return { kind: 'several', choices: several }
  }
  const fields = schema['type'] === 'object' ? fieldsOf(schema) : null
  return fields ? { kind: 'fields', fields } : { kind: 'unknown' }
}

/** Canonical JSON sorts properties by name; what is required keeps the requester's order, and optional fields follow. */
function fieldsOf(schema: Json): Field[] | null {
  const required = (schema['required'] ?? []) as string[]
  const properties = (schema['properties'] ?? {}) as Record<string, Json>
  const names = [...new Set([...required, ...Object.keys(properties)])].filter((name) => name in properties)
  const fields = names.map((name) => {
    const property = properties[name] ?? {}
    const kind = fieldKind(property)
    const title = typeof property['title'] === 'string' ? property['title'] : name
    return kind && ({ name, title, isOptional: !required.includes(name), schema: property, ...kind } as Field)
  })
  return fields.length > 0 && fields.every((field) => field !== null) ? fields : null
}

function fieldKind(schema: Json): { kind: Field['kind']; choices?: unknown[]; least?: number; most?: number } | null {
  if (Array.isArray(schema['enum'])) return { kind: 'one_of', choices: schema['enum'] }
  const choices = ((schema['items'] ?? {}) as Json)['enum']
  const [least, most] = [numberOf(schema['minimum']), numberOf(schema['maximum'])]
  switch (schema['type']) {
    case 'boolean':
      return { kind: 'yes_no' }
    case 'array':
      return Array.isArray(choices) ? { kind: 'any_of', choices } : null
    case 'integer':
      if (least !== null && most !== null && most - least <= WIDEST_SCALE && most >= least)
        return { kind: 'scale', least, most }
      return { kind: 'integer' }
    case 'number':
      return { kind: 'number' }
    case 'string':
      if (isDate(schema)) return { kind: 'date' }
      return { kind: (numberOf(schema['maxLength']) ?? LONG_TEXT) >= LONG_TEXT ? 'long_text' : 'text' }
    default:
      return null
  }
}

/** How the gateway marks a date in a schema, which has no formats. */
export function isDate(schema: Json): boolean {
  return schema['description'] === 'YYYY-MM-DD'
}

function choicesOf(schema: Json, type: string | null): Choice[] | null {
  const words = WORDS[type ?? ''] ?? {}
  const named = (value: unknown, label: string) => ({
    value,
    label,
    word: words[String(value)] ?? (typeof value === 'boolean' ? (value ? 'answer.yes' : 'answer.no') : null),
  })
  const plain = (values: unknown[]) => values.map((value) => named(value, labelOf(value)))
  const options = Array.isArray(schema['enum'])
    ? plain(schema['enum'])
    : schema['type'] === 'boolean'
      ? plain([true, false])
      : Array.isArray(schema['oneOf'])
        ? (schema['oneOf'] as Json[]).map((option) =>
            named(option['const'], typeof option['title'] === 'string' ? option['title'] : labelOf(option['const'])),
          )
        : []
  if (options.length === 0 || options.some(({ value }) => value === undefined)) return null
  const digits = options.every(({ label }) => /^\d$/.test(label))
  return options.map((option, place) => ({
    ...option,
    word: option.word as Key | null,
    key: digits ? option.label : type === 'preference' ? option.label.charAt(0) : (KEYS[place] ?? ''),
  }))
}

export function labelOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function numberOf(value: unknown): number | null {
  return typeof value === 'number' ? value : null
}
