// Keys anywhere on a page where answers are given.
import { useEffect } from 'react'
import type { Press } from '../answers/control'

/** Keys anywhere on the page; where somebody types, a control hears only what it asks for. */
export function useKeys(press: (pressed: Press) => boolean) {
  useEffect(() => {
    const hear = (event: KeyboardEvent) => {
      if (event.altKey) return
      const target = event.target as HTMLElement | null
      const pressed = {
        key: event.key,
        shift: event.shiftKey,
        ctrl: event.ctrlKey || event.metaKey,
        typing: target?.closest('input, textarea, select') != null,
        onControl: target?.closest('button, a, summary') != null,
      }
      if (press(pressed)) event.preventDefault()
    }
    addEventListener('keydown', hear)
    return () => removeEventListener('keydown', hear)
  }, [press])
}
