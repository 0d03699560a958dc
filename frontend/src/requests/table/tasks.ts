// From a table's rows to tasks: which column fills which field of the content, and what does not fit.
import type { Row, Table } from './csv'

export type Json = Record<string, unknown>
/** A column's name by the content's field; an object takes all columns that begin with its name and a dot (`left.*`). */
export type Mapping = { id: string | null; known: string | null; fields: Record<string, string | null> }
export type Rules = {
  mapping: Mapping
  /** JSON Schema of a task's content. */
  content: Json
  /** How known answers are read: one of a few, a text, or JSON. */
  answers: { kind: 'choices'; choices: string[] } | { kind: 'text' | 'json' }
}
export type Misfit = { code: MisfitCode; line: number; column: string; detail: string }
export type MisfitCode =
  | 'field_missing'
  | 'not_media'
  | 'too_long'
  | 'not_object'
  | 'id_wrong'
  | 'id_twice'
  | 'known_no_choice'
  | 'cell_wrong'
export type Task = { id: string; content: Json }
export type Made = {
  tasks: Task[]
  known: Record<string, unknown>
  /** What no choice of options mends. */
  misfits: Misfit[]
  misfitCount: number
  /** Known answers that are none of the choices, which may still be typed. */
  strays: Misfit[]
  strayCount: number
}

const MOST_MISFITS = 50
const TASK_ID = /^[A-Za-z0-9._-]{1,64}$/

/** A first guess: columns that are named like a field, `id`, and known answers in a column of that name. */
export function guess(columns: string[], fields: string[], objects: string[]): Mapping {
  const named = (name: string) => columns.find((column) => column.toLowerCase() === name) ?? null
  const found: Mapping = {
    id: named('id') ?? named('task'),
    known: named('known_answer') ?? named('gold') ?? named('truth'),
    fields: {},
  }
  for (const field of fields) {
    const group = objects.includes(field) && columns.some((column) => column.startsWith(`${field}.`))
    found.fields[field] = group ? `${field}.*` : named(field)
  }
  const free = columns.filter((column) => column !== found.id && column !== found.known)
  const first = fields.find((field) => field === 'text') ?? fields[0]
  if (first && Object.values(found.fields).every((column) => column === null) && free.length === 1)
    found.fields[first] = free[0] ?? null
  return found
}

export function fieldsOf(content: Json, shows: string[]): { name: string; isObject: boolean; isRequired: boolean }[] {
  const properties = (content['properties'] ?? {}) as Record<string, Json>
  const required = (content['required'] ?? []) as string[]
  return shows.map((name) => ({
    name,
    isObject: properties[name]?.['type'] === 'object',
    isRequired: required.includes(name),
  }))
}

/** Every row as a task. What does not fit is told with its line and column; at most fifty times each. */
export function makeTasks(table: Table, rules: Rules): Made {
  const made: Made = { tasks: [], known: {}, misfits: [], misfitCount: 0, strays: [], strayCount: 0 }
  const seen = new Set<string>()
  const { mapping } = rules
  const fill = fields(table.columns, rules)
  const [idAt, knownAt] = [table.columns.indexOf(mapping.id ?? ''), table.columns.indexOf(mapping.known ?? '')]
  const needs = needed(rules.content)
  table.rows.forEach((row, place) => {
    const tell = (code: MisfitCode, column: string, detail = '') => {
      made.misfitCount += 1
      if (made.misfits.length < MOST_MISFITS) made.misfits.push({ code, line: row.line, column, detail })
    }
    const id = idAt < 0 ? `task-${place + 1}` : (row.cells[idAt] ?? '').trim()
    if (!TASK_ID.test(id)) tell('id_wrong', mapping.id ?? '', id)
    else if (seen.has(id)) tell('id_twice', mapping.id ?? '', id)
    seen.add(id)
    const content: Json = {}
    for (const each of fill) each(row, content, tell)
    const missing = needs(content)
    if (missing) tell('field_missing', mapping.fields[missing] ?? missing, missing)
    made.tasks.push({ id, content })
    const answer = knownAt < 0 ? '' : (row.cells[knownAt] ?? '').trim()
    if (answer) {
      const { answers } = rules
      if (answers.kind === 'choices' && !answers.choices.includes(answer)) {
        made.strayCount += 1
        const stray: Misfit = { code: 'known_no_choice', line: row.line, column: mapping.known ?? '', detail: answer }
        if (made.strays.length < MOST_MISFITS) made.strays.push(stray)
      }
      made.known[id] = answers.kind === 'json' ? readValue(answer) : answer
    }
  })
  return made
}

type Tell = (code: MisfitCode, column: string, detail?: string) => void
type Fill = (row: Row, content: Json, tell: Tell) => void

function fields(columns: string[], { mapping, content }: Rules): Fill[] {
  const properties = (content['properties'] ?? {}) as Record<string, Json>
  return Object.entries(mapping.fields).flatMap(([field, column]): Fill[] => {
    if (column === null) return []
    const schema = properties[field] ?? {}
    if (column === `${field}.*`) {
      const own = columns.flatMap((name, at) => (name.startsWith(`${field}.`) ? [{ name, at }] : []))
      return [
        (row, into) => {
          const entries = own.flatMap(({ name, at }) =>
            row.cells[at]?.trim() ? [[name.slice(field.length + 1), row.cells[at]]] : [],
          )
          if (entries.length) into[field] = Object.fromEntries(entries)
        },
      ]
    }
    const at = columns.indexOf(column)
    return [
      (row, into, tell) => {
        const cell = row.cells[at] ?? ''
        if (!cell.trim()) return
        const value = schema['type'] === 'object' ? readObject(cell) : isMedia(schema) ? cell.trim() : cell
        if (value === null) return tell('not_object', column, cell.slice(0, 80))
        into[field] = value
        if (typeof value === 'string' && !fits(schema, value)) {
          const long = value.length > Number(schema['maxLength'] ?? Number.POSITIVE_INFINITY)
          tell(long ? 'too_long' : isMedia(schema) ? 'not_media' : 'cell_wrong', column, value.slice(0, 80))
        }
      },
    ]
  })
}

/** The first field that a content lacks; of fields of which one is enough, the first. */
function needed(content: Json): (found: Json) => string | null {
  const required = (content['required'] ?? []) as string[]
  const groups = ((content['anyOf'] ?? []) as { required: string[] }[]).map((group) => group.required)
  return (found) => {
    const lacking = required.find((name) => !(name in found))
    if (lacking) return lacking
    if (groups.length && !groups.some((group) => group.every((name) => name in found))) return groups[0]?.[0] ?? null
    return null
  }
}

function isMedia(schema: Json): boolean {
  return Array.isArray(schema['oneOf']) || String(schema['pattern'] ?? '').startsWith('^https')
}

/** The few rules that task types use for a content's texts. */
function fits(schema: Json, value: string): boolean {
  if (Array.isArray(schema['oneOf'])) return (schema['oneOf'] as Json[]).some((inner) => fits(inner, value))
  const [least, most, pattern] = [schema['minLength'], schema['maxLength'], schema['pattern']]
  if (typeof least === 'number' && value.length < least) return false
  if (typeof most === 'number' && value.length > most) return false
  return typeof pattern !== 'string' || new RegExp(pattern, 'u').test(value)
}

function readObject(cell: string): Json | null {
  const found = readValue(cell)
  return found !== null && typeof found === 'object' && !Array.isArray(found) ? (found as Json) : null
}

/** JSON where it is JSON, else the text itself. */
function readValue(cell: string): unknown {
  try {
    return JSON.parse(cell) as unknown
  } catch {
    return cell
  }
}
