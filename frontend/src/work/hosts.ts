// Hosts that the reader agreed to ask for pictures, recordings or pages; forgotten when the tab is closed.
import { useSyncExternalStore } from 'react'

const STORED = 'piecework.hosts'
const listeners = new Set<() => void>()

function read(): string {
  return sessionStorage.getItem(STORED) ?? '[]'
}

function watch(changed: () => void): () => void {
  listeners.add(changed)
  return () => listeners.delete(changed)
}

export function useHosts(): { agreed: string[]; agree: (hosts: string[]) => void } {
  const agreed = JSON.parse(useSyncExternalStore(watch, read)) as string[]
  const agree = (hosts: string[]) => {
    sessionStorage.setItem(STORED, JSON.stringify([...new Set([...agreed, ...hosts])]))
    for (const changed of listeners) changed()
  }
  return { agreed, agree }
}
