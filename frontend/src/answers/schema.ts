// Whether an answer fits its batch's schema: the part of JSON Schema that the gateway lets a requester use, and no more.
// Written here because a refusal is told in the reader's words with its bound, and because the page's policy forbids
// compiled validators; a test holds it against the gateway's own check.
import { canonical } from '../chain/checks'

export type Json = Record<string, unknown>
export type Misfit = { place: (string | number)[]; code: Code; bound: number }
export type Code =
  | 'kind'
  | 'not_listed'
  | 'missing'
  | 'stray'
  | 'too_short'
  | 'too_long'
  | 'too_few'
  | 'too_many'
  | 'too_small'
  | 'too_large'

/** The first thing that does not fit, or null. */
export function misfit(schema: unknown, value: unknown, place: (string | number)[] = []): Misfit | null {
  const not = (code: Code, bound = 0): Misfit => ({ place, code, bound })
  if (schema === true || schema === undefined) return null
  if (schema === false || typeof schema !== 'object' || schema === null) return not('stray')
  const rules = schema as Json
  if (rules['type'] !== undefined && ![rules['type']].flat().some((type) => isOf(String(type), value)))
    return not('kind')
  if (Array.isArray(rules['enum']) && !rules['enum'].some((option) => isSame(option, value))) return not('not_listed')
  if ('const' in rules && !isSame(rules['const'], value)) return not('not_listed')
  if (Array.isArray(rules['oneOf']) && rules['oneOf'].filter((inner) => !misfit(inner, value)).length !== 1)
    return not('not_listed')
  if (typeof value === 'string') return bounded([...value].length, rules, 'Length', ['too_short', 'too_long'], not)
  if (typeof value === 'number') return bounded(value, rules, 'imum', ['too_small', 'too_large'], not)
  if (Array.isArray(value))
    return (
      bounded(value.length, rules, 'Items', ['too_few', 'too_many'], not) ??
      first(value, (item, at) => misfit(rules['items'], item, [...place, at]))
    )
  return typeof value === 'object' && value !== null ? record(rules, value as Json, place) : null
}

function record(rules: Json, value: Json, place: (string | number)[]): Misfit | null {
  const properties = (rules['properties'] ?? {}) as Json
  const missing = ((rules['required'] ?? []) as string[]).find((name) => !Object.hasOwn(value, name))
  if (missing !== undefined) return { place: [...place, missing], code: 'missing', bound: 0 }
  return first(Object.entries(value), ([name, inner]) =>
    misfit(Object.hasOwn(properties, name) ? properties[name] : rules['additionalProperties'], inner, [...place, name]),
  )
}

type Not = (code: Code, bound?: number) => Misfit

function bounded(size: number, rules: Json, what: string, [low, high]: [Code, Code], not: Not): Misfit | null {
  const [least, most] = [rules[`min${what}`], rules[`max${what}`]]
  if (typeof least === 'number' && size < least) return not(low, least)
  return typeof most === 'number' && size > most ? not(high, most) : null
}

function first<T>(items: T[], find: (item: T, place: number) => Misfit | null): Misfit | null {
  for (const [place, item] of items.entries()) {
    const found = find(item, place)
    if (found) return found
  }
  return null
}

function isOf(type: string, value: unknown): boolean {
  if (type === 'null') return value === null
  if (type === 'array') return Array.isArray(value)
  if (type === 'object') return typeof value === 'object' && value !== null && !Array.isArray(value)
  if (type === 'integer') return Number.isInteger(value)
  return typeof value === type
}

function isSame(left: unknown, right: unknown): boolean {
  return canonical(left) === canonical(right)
}
