// Answers of which several can be chosen.
import type { Choice } from './way'

export function isChosen(answer: unknown, value: unknown): boolean {
  return Array.isArray(answer) && answer.includes(value)
}

/** The answer with one choice more or less, in the order of the choices; with none left there is no answer. */
export function toggled(choices: Pick<Choice, 'value'>[], answer: unknown, value: unknown): unknown[] | undefined {
  const before = Array.isArray(answer) ? answer : []
  const wanted = before.includes(value) ? before.filter((other) => other !== value) : [...before, value]
  return wanted.length > 0 ? choices.map((choice) => choice.value).filter((each) => wanted.includes(each)) : undefined
}
