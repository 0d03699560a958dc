// What every answer control is given, and how it hears keys.
import { type RefObject, useEffect, useRef } from 'react'
import type { Json } from './schema'
import type { Way } from './way'

/** A key that was pressed on the page or in a task's frame. `typing`: in a text field; `onControl`: on a button or link. */
export type Press = { key: string; shift: boolean; ctrl: boolean; typing: boolean; onControl: boolean }
/** Answers whether it used the key. */
export type Hear = (press: Press) => boolean
/** What a task's frame can be told to do. */
export type Remote = RefObject<((message: Record<string, unknown>) => void) | null>

export type AnswerProps<Kind extends Way['kind'] = Way['kind']> = {
  way: Extract<Way, { kind: Kind }>
  content: Json
  answer: unknown
  onAnswer: (answer: unknown) => void
  onNext: () => void
  /** Where the control puts what hears its keys. */
  keys: RefObject<Hear | null>
  frame: Remote
  isPreview: boolean
}

/** Keys that a control hears while it is shown. */
export function useHearing(keys: RefObject<Hear | null>, hear: Hear): void {
  const latest = useRef(hear)
  latest.current = hear
  useEffect(() => {
    keys.current = (press) => latest.current(press)
    return () => {
      keys.current = null
    }
  }, [keys])
}

/** Whether a control takes the focus when its task comes up: not beside a form that somebody fills in. */
export function useFocus<T extends HTMLElement>(isPreview: boolean): RefObject<T | null> {
  const field = useRef<T>(null)
  useEffect(() => {
    if (!isPreview) field.current?.focus({ preventScroll: true })
  }, [isPreview])
  return field
}
