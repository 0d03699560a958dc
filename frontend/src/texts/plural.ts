// A text is a sentence, or one for each plural form of `count` in that language. `{name}` is replaced by a value.
import type en from './en.json'

export type Key = keyof typeof en
export type Sentence = string | Partial<Record<Intl.LDMLPluralRule, string>>
export type Book = Record<Key, Sentence>
export type Values = Record<string, string | number>

/** The sentence of `key` in a language, with its values filled in. */
export function say(book: Book, language: string, key: Key, values: Values = {}): string {
  const found = book[key]
  const sentence = typeof found === 'string' ? found : plural(found, language, Number(values['count'] ?? 0))
  return sentence.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name]
    return typeof value === 'number' ? new Intl.NumberFormat(language).format(value) : (value ?? whole)
  })
}

function plural(forms: Partial<Record<Intl.LDMLPluralRule, string>>, language: string, count: number): string {
  return forms[new Intl.PluralRules(language).select(count)] ?? forms.other ?? ''
}
