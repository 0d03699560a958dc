// The last states of one picture's boxes, to go back and forth in.
import { useRef } from 'react'
import type { Box } from './geometry'

export type State = Box[] | undefined

export function useHistory(state: State, put: (state: State) => void) {
  const past = useRef<State[]>([])
  const future = useRef<State[]>([])
  return {
    change(next: State) {
      past.current.push(state)
      future.current = []
      put(next)
    },
    undo() {
      if (past.current.length === 0) return
      future.current.push(state)
      put(past.current.pop())
    },
    redo() {
      if (future.current.length === 0) return
      past.current.push(state)
      put(future.current.pop())
    },
    canUndo: past.current.length > 0,
    canRedo: future.current.length > 0,
  }
}
