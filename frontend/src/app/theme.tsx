// Light or dark: the reader's system decides until the reader does.
import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from 'react'

export type Theme = 'light' | 'dark'
const STORED = 'piecework.theme'
const Context = createContext<{ theme: Theme; toggle: () => void } | null>(null)
const system = matchMedia('(prefers-color-scheme: dark)')

export function ThemeProvider({ children }: { children: ReactNode }) {
  const [chosen, setChosen] = useState(() => localStorage.getItem(STORED) as Theme | null)
  const [dark, setDark] = useState(system.matches)
  useEffect(() => {
    const changed = () => setDark(system.matches)
    system.addEventListener('change', changed)
    return () => system.removeEventListener('change', changed)
  }, [])
  const theme = chosen ?? (dark ? 'dark' : 'light')
  useEffect(() => {
    document.documentElement.dataset['theme'] = theme
  }, [theme])
  const value = useMemo(() => {
    const toggle = () => {
      const next = theme === 'dark' ? 'light' : 'dark'
      localStorage.setItem(STORED, next)
      setChosen(next)
    }
    return { theme, toggle }
  }, [theme])
  return <Context value={value}>{children}</Context>
}

export function useTheme() {
  const found = useContext(Context)
  if (!found) throw new Error('ThemeProvider')
  return found
}
