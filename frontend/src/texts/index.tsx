// The reader's language: one file each, Arabic from right to left. No text stands in code (a test looks).
import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from 'react'
import { distance, duration, money, nameOfLanguage, size } from './amounts'
import en from './en.json'
import { type Book, type Key, say, type Values } from './plural'

export const LANGUAGES = { en: 'English', es: 'Español', ar: 'العربية' } as const
export type Language = keyof typeof LANGUAGES
const STORED = 'piecework.language'
const OTHERS = { es: () => import('./es.json'), ar: () => import('./ar.json') }

export type Texts = {
  language: Language
  direction: 'ltr' | 'rtl'
  choose: (language: Language) => void
  t: (key: Key, values?: Values) => string
  money: (units: bigint | string, token: { decimals: number; symbol: string }) => string
  date: (at: number) => string
  distance: (at: number, now: number) => string
  number: (value: number) => string
  percent: (share: number) => string
  /** A number of bytes, as people say it. */
  size: (bytes: number) => string
  /** A time of work, in minutes or hours. */
  duration: (seconds: number) => string
  nameOfLanguage: (tag: string) => string
  listed: (words: string[]) => string
}

const Context = createContext<Texts | null>(null)

export function TextsProvider({ children }: { children: ReactNode }) {
  const [language, setLanguage] = useState<Language>(first)
  const [book, setBook] = useState<{ language: Language; book: Book }>({ language: 'en', book: en })
  useEffect(() => {
    if (language === 'en') return setBook({ language, book: en })
    let current = true
    void OTHERS[language]().then((found) => current && setBook({ language, book: found.default as Book }))
    return () => {
      current = false
    }
  }, [language])
  const shown = book.language
  useEffect(() => {
    document.documentElement.lang = shown
    document.documentElement.dir = direction(shown)
  }, [shown])
  const texts = useMemo<Texts>(() => {
    const choose = (next: Language) => {
      localStorage.setItem(STORED, next)
      setLanguage(next)
    }
    return {
      language: shown,
      direction: direction(shown),
      choose,
      t: (key, values) => say(book.book, shown, key, values),
      money: (units, token) => money(units, token.decimals, token.symbol, shown),
      date: (at) => new Intl.DateTimeFormat(shown, { dateStyle: 'medium', timeStyle: 'short' }).format(at * 1000),
      distance: (at, now) => distance(at, now, shown),
      number: (value) => new Intl.NumberFormat(shown).format(value),
      percent: (share) => new Intl.NumberFormat(shown, { style: 'percent' }).format(share),
      size: (bytes) => size(bytes, shown),
      duration: (seconds) => duration(seconds, shown),
      nameOfLanguage: (tag) => nameOfLanguage(tag, shown),
      listed: (words) => new Intl.ListFormat(shown, { type: 'conjunction' }).format(words),
    }
  }, [book, shown])
  return <Context value={texts}>{children}</Context>
}

export function useTexts(): Texts {
  const found = useContext(Context)
  if (!found) throw new Error('TextsProvider')
  return found
}

function direction(language: Language): 'ltr' | 'rtl' {
  return language === 'ar' ? 'rtl' : 'ltr'
}

function first(): Language {
  const stored = localStorage.getItem(STORED)
  const wanted = [stored, ...navigator.languages.map((tag) => tag.split('-')[0])]
  return (wanted.find((tag) => tag != null && tag in LANGUAGES) as Language | undefined) ?? 'en'
}
