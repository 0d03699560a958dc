// An answer in one line, for lists and for comparing.
import type { Texts } from '../texts'
import type { Json } from './schema'
import { type Choice, type Field, labelOf, type Way } from './way'

type Words = Pick<Texts, 't' | 'number' | 'size' | 'listed'>

/** Whatever stands there is said, also what fits no schema: a stranger may have written it. */
export function answerText(words: Words, way: Way, answer: unknown): string {
  try {
    return said(words, way, answer)
  } catch {
    return labelOf(answer) ?? ''
  }
}

function said(words: Words, way: Way, answer: unknown): string {
  const { t } = words
  const given = answer as Json
  if (answer === null || answer === undefined) return ''
  switch (way.kind) {
    case 'choice':
      return choiceText(words, way.choices, answer)
    case 'several': {
      const chosen = answer as unknown[]
      return chosen.length === 0
        ? t('answer.none_fits')
        : words.listed(chosen.map((value) => choiceText(words, way.choices, value)))
    }
    case 'number':
      return typeof answer === 'number' ? words.number(answer) : labelOf(answer)
    case 'boxes':
      return counted(words, answer as { label: string }[])
    case 'transcript':
      return given['unintelligible'] === true ? t('answer.unintelligible') : String(given['text'])
    case 'moderation':
      return [choiceText(words, way.decisions, given['decision']), given['rule'], given['note']]
        .filter(Boolean)
        .join(' · ')
    case 'fields':
      return way.fields
        .filter(({ name }) => name in given)
        .map((field) => `${field.title}: ${fieldText(words, field, given[field.name])}`)
        .join(' · ')
    case 'research':
      return given['found'] === true ? `${given['answer']} · ${given['source']}` : t('answer.not_found')
    case 'file':
      return `${given['name']} (${words.size(Number(given['bytes']))})`
    case 'verdict':
      return [t(given['verdict'] === 'reject' ? 'review.reject' : 'review.accept'), given['reason']]
        .filter(Boolean)
        .join(' · ')
    case 'external':
      return Object.entries(given)
        .map(([name, text]) => `${name}: ${String(text)}`)
        .join(' · ')
    default:
      return labelOf(answer)
  }
}

function choiceText({ t }: Words, choices: Choice[], value: unknown): string {
  const found = choices.find((choice) => choice.value === value)
  return found?.word ? t(found.word) : (found?.label ?? labelOf(value))
}

export function fieldText({ t, number, listed }: Words, field: Field, value: unknown): string {
  if (typeof value === 'boolean') return t(value ? 'answer.yes' : 'answer.no')
  if (typeof value === 'number' && field.kind !== 'one_of') return number(value)
  return Array.isArray(value) ? listed(value.map(labelOf)) : labelOf(value)
}

function counted({ t, number }: Words, boxes: { label: string }[]): string {
  if (boxes.length === 0) return t('boxes.nothing')
  const counts = new Map<string, number>()
  for (const { label } of boxes) counts.set(label, (counts.get(label) ?? 0) + 1)
  return [...counts].map(([label, count]) => `${label} × ${number(count)}`).join(' · ')
}
