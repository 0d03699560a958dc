// The plan's table: read again after a reload, and checked against the plan whenever that changes.
import { useQuery } from '@tanstack/react-query'
import { useCallback, useEffect, useRef, useState } from 'react'
import type { Plan } from './plan'
import { forgetFile, keepFile, keptFile } from './table/kept'
import { TableReader } from './table/table'
import type { Checked, Summary } from './table/table.worker'
import type { Rules } from './table/tasks'

/** Text beyond this is kept like a file. */
const LONG_TEXT = 200_000

export type TableState = {
  summary: Summary | null
  isReading: boolean
  /** What was wrong with a file that was not taken; the table before it stays. */
  refused: Summary | null
  /** Whether the file could not be read at all: gone, changed or locked. The table before it stays. */
  isUnreadable: boolean
  take: (source: File | string) => Promise<void>
  reader: TableReader
  version: number
}

export function useTable(plan: Plan, change: (part: Partial<Plan>) => void): TableState {
  const [reader] = useState(() => new TableReader())
  const [state, setState] = useState<{
    summary: Summary | null
    refused: Summary | null
    isUnreadable: boolean
    version: number
  }>({
    summary: null,
    refused: null,
    isUnreadable: false,
    version: 0,
  })
  const [isReading, setReading] = useState(plan.source !== null)
  const source = useRef(plan.source)
  source.current = plan.source
  /** How often a table was given: what is read late of an earlier one is passed over. */
  const turn = useRef(0)

  /** What the plan holds, read again: after a reload, and after a file that was refused. */
  const restore = useCallback(async (): Promise<Summary | null> => {
    const kept = source.current
    if (!kept) return null
    const held = kept.kind === 'text' ? kept.text : await keptFile()
    return held === undefined ? null : reader.read(held)
  }, [reader])

  useEffect(() => {
    void restore()
      .catch(() => null)
      .then((summary) => {
        if (turn.current > 0) return
        setState((before) => ({ ...before, summary, version: before.version + 1 }))
        setReading(false)
      })
  }, [restore])

  const take = useCallback(
    async (given: File | string) => {
      turn.current += 1
      const own = turn.current
      const isText = typeof given === 'string' && given.length <= LONG_TEXT
      setReading(true)
      // At once: a field that shows what is typed only when it was read loses the keys that come before.
      if (isText) change({ source: { kind: 'text', text: given } })
      try {
        const read = await reader.read(given).catch(() => null)
        if (own !== turn.current) return
        if (!read) {
          const before = await restore()
          setState((now) => ({ summary: before, refused: null, isUnreadable: true, version: now.version + 1 }))
          return
        }
        if (read.faultCount > 0 && !isText) {
          const before = await restore()
          setState((now) => ({ summary: before, refused: read, isUnreadable: false, version: now.version + 1 }))
          return
        }
        if (isText) {
          await forgetFile()
        } else {
          await keepFile(typeof given === 'string' ? new Blob([given]) : given)
          change({ source: { kind: 'file', name: typeof given === 'string' ? '' : given.name } })
        }
        setState((now) => ({ summary: read, refused: null, isUnreadable: false, version: now.version + 1 }))
      } finally {
        if (own === turn.current) setReading(false)
      }
    },
    [change, reader, restore],
  )
  return { ...state, isReading, take, reader }
}

/** The tasks that the table makes by these rules, and what does not fit; until new rules were tried, the last ones'. */
export function useChecked(table: TableState, rules: Rules | null) {
  return useQuery({
    queryKey: ['table', table.version, rules],
    queryFn: () => table.reader.check(rules as Rules),
    enabled: rules !== null && table.summary !== null && !table.isReading,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 10_000,
    // Without it a step whose options change the rules would leave the page, and with it what is being typed.
    placeholderData: (last: Checked | undefined, query) => (query?.queryKey[1] === table.version ? last : undefined),
  })
}
