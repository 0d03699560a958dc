// A reviewer's decisions before they are proposed, kept in this browser after each one.
import { useCallback, useState } from 'react'
import type { Schemas } from '../api/client'
import { canonical } from '../chain/checks'

export type Answer = {
  key: string
  task: string
  worker: string
  content: Record<string, unknown>
  answer: unknown
  reviewEndsAt: number
  isKnown: boolean
  knownAnswer: unknown
  /** How many others answered this task, and how many of them the same. */
  others: number
  alike: number
  /** The newest request for a better answer. */
  revision: Schemas['RevisionView'] | null
}
export type Verdict = { decision: 'accepted' | 'rejected'; reason: string }
export type Verdicts = Record<string, Verdict>

/** The undecided answers of what was loaded, each beside what others said to the same task. */
export function undecided(submissions: Schemas['SubmissionView'][]): Answer[] {
  const said = new Map<string, string[]>()
  for (const { tasks } of submissions)
    for (const { task, answer } of tasks) said.set(task, [...(said.get(task) ?? []), canonical(answer)])
  return submissions.flatMap(({ worker, review_ends_at, waiting, tasks }) =>
    tasks
      .filter(({ decision }) => decision === null && waiting > 0)
      .map((item): Answer => {
        const all = said.get(item.task) ?? []
        const own = canonical(item.answer)
        return {
          key: `${item.task} ${worker}`,
          task: item.task,
          worker,
          content: item.content as Record<string, unknown>,
          answer: item.answer,
          reviewEndsAt: review_ends_at,
          isKnown: item.is_known,
          knownAnswer: item.known_answer,
          others: all.length - 1,
          alike: all.filter((other) => other === own).length - 1,
          revision: item.revision ?? null,
        }
      }),
  )
}

const PREFIX = 'piecework.verdicts.'

export function useVerdicts(batchId: string) {
  const [verdicts, setVerdicts] = useState<Verdicts>(() => load(batchId))
  const keep = useCallback(
    (change: (before: Verdicts) => Verdicts) =>
      setVerdicts((before) => {
        const next = change(before)
        localStorage.setItem(PREFIX + batchId, JSON.stringify(next))
        return next
      }),
    [batchId],
  )
  const put = useCallback(
    (key: string, verdict: Verdict | null) =>
      keep((before) => {
        const { [key]: _, ...rest } = before
        return verdict ? { ...rest, [key]: verdict } : rest
      }),
    [keep],
  )
  const putAll = useCallback(
    (keys: string[], verdict: Verdict) =>
      keep((before) => ({ ...before, ...Object.fromEntries(keys.map((key) => [key, verdict])) })),
    [keep],
  )
  const clear = useCallback(() => {
    localStorage.removeItem(PREFIX + batchId)
    setVerdicts({})
  }, [batchId])
  return { verdicts, put, putAll, clear }
}

function load(batchId: string): Verdicts {
  try {
    return (JSON.parse(localStorage.getItem(PREFIX + batchId) ?? '{}') ?? {}) as Verdicts
  } catch {
    return {}
  }
}
