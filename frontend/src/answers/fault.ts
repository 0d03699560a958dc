// What keeps an answer from being handed in: its schema, and what makes no sense for its task. The gateway looks again.

import { CID } from '../work/content'
import { type Code, type Json, misfit } from './schema'
import { isDate } from './way'

export type Fault = { code: Code | Sense; field: string | null; bound: number }
type Sense =
  | 'blank'
  | 'box_flat'
  | 'box_outside'
  | 'box_twice'
  | 'copied'
  | 'either_or'
  | 'name_is_path'
  | 'no_date'
  | 'no_file'
  | 'no_media_type'
  | 'no_rule'
  | 'no_source'
  | 'source_stray'
  | 'rule_missing'
  | 'twice'
type Found = [code: Sense, field?: string] | null
type Check = (content: Json, answer: never, schema: Json) => Found

const ROUNDING = 1e-6
const HOST = /^[a-z0-9-]+(\.[a-z0-9-]+)+$/i
const MEDIA_TYPE = /^[a-z0-9][a-z0-9.+-]*\/[a-z0-9][a-z0-9.+-]*$/
/** Parts of a path, control signs, and signs that turn the reading order, with which a program looks like a picture. */
const NO_NAME = /[/\\\p{Cc}\u202a-\u202e\u2066-\u2069]/u
/** Types that may bring a schema of their own are checked by that schema, and for blanks where it is a text. */
const CHECKS: Record<string, Check> = {
  multiple_choice: (_, answer: unknown[]) => (hasTwice(answer) ? ['twice'] : null),
  boxes: (_, answer: Box[]) => boxes(answer),
  text: (_, answer: unknown) => (typeof answer === 'string' && answer && !bare(answer) ? ['blank'] : null),
  translation: (content, answer: string) => translates(content, answer),
  transcription: (_, answer: { text: string; unintelligible: boolean }) =>
    answer.unintelligible === (bare(answer.text) !== '') ? ['either_or'] : null,
  moderation: (_, { decision, rule }: { decision: string; rule: string | null }) =>
    decision === 'allow' ? (rule === null ? null : ['no_rule']) : rule === null ? ['rule_missing'] : null,
  data_entry: (_, answer: Json, schema) => fields(answer, schema),
  survey: (_, answer: Json, schema) => fields(answer, schema),
  web_research: (_, answer: Research) => research(answer),
  file: (_, answer: Delivered) => file(answer),
}

/** The first thing that is wrong with an answer to a task of this type, or null. */
export function faultOf(type: string | null, schema: Json, content: Json, answer: unknown): Fault | null {
  const found = misfit(schema, answer)
  if (found) return { code: found.code, field: titleOf(schema, found.place), bound: found.bound }
  const [code, name] = CHECKS[type ?? '']?.(content, answer as never, schema) ?? []
  return code ? { code, field: name ? titleOf(schema, [name]) : null, bound: 0 } : null
}

function titleOf(schema: Json, place: (string | number)[]): string | null {
  const [name] = place
  if (typeof name !== 'string') return null
  const title = ((schema['properties'] ?? {}) as Record<string, Json>)[name]?.['title']
  return typeof title === 'string' ? title : null
}

type Box = { label: string; x: number; y: number; width: number; height: number }

function boxes(answer: Box[]): Found {
  for (const { x, y, width, height } of answer) {
    if (width <= 0 || height <= 0) return ['box_flat']
    if (x + width > 1 + ROUNDING || y + height > 1 + ROUNDING) return ['box_outside']
  }
  return hasTwice(answer.map(({ label, x, y, width, height }) => [label, x, y, width, height])) ? ['box_twice'] : null
}

function translates(content: Json, answer: string): Found {
  if (answer && !bare(answer)) return ['blank']
  return bare(answer) === bare(String(content['text'] ?? '')) && /\p{L}/u.test(answer) ? ['copied'] : null
}

function fields(answer: Json, schema: Json): Found {
  const properties = schema['properties'] as Record<string, Json>
  for (const [name, value] of Object.entries(answer)) {
    if (typeof value === 'string') {
      if (isDate(properties[name] ?? {}) && !isDay(value)) return ['no_date', name]
      if (!value.trim()) return ['blank', name]
    }
    if (Array.isArray(value) && hasTwice(value)) return ['twice', name]
  }
  return null
}

function isDay(text: string): boolean {
  if (!/^\d{4}-\d\d-\d\d$/.test(text) || text.startsWith('0000')) return false
  const day = new Date(`${text}T00:00:00Z`)
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text)
}

type Research = { found: boolean; answer: string; source: string | null }

function research({ found, answer, source }: Research): Found {
  if (!found) return source === null ? null : ['source_stray']
  if (!answer.trim()) return ['blank']
  return isPage(source ?? '') ? null : ['no_source']
}

/** Whether a text is a link to a page. */
export function isPage(link: string): boolean {
  try {
    const { protocol, hostname, username } = new URL(link)
    return (protocol === 'https:' || protocol === 'http:') && HOST.test(hostname) && !username
  } catch {
    return false
  }
}

type Delivered = { cid: string; name: string; media_type: string }

function file({ cid, name, media_type }: Delivered): Found {
  if (!CID.test(cid)) return ['no_file']
  if (!MEDIA_TYPE.test(media_type)) return ['no_media_type']
  return NO_NAME.test(name) || name.replace(/^[. ]+|[. ]+$/g, '') === '' ? ['name_is_path'] : null
}

function hasTwice(values: unknown[]): boolean {
  return new Set(values.map((value) => JSON.stringify(value))).size !== values.length
}

/** What is left for comparing: no spaces at the ends, no case, one spelling of each sign, nothing invisible. */
function bare(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[\p{Cf}\p{Cc}]/gu, (sign) => (/\s/.test(sign) ? sign : ''))
    .trim()
}
