// Answers that were not handed in yet, kept in this browser after each keystroke.
import { useCallback, useState } from 'react'

export type Answers = Record<string, unknown>

const PREFIX = 'piecework.answers.'

export function useDraft(assignmentId: string) {
  const [answers, setAnswers] = useState<Answers>(() => load(assignmentId))
  const put = useCallback(
    (task: string, answer: unknown) =>
      setAnswers((before) => {
        const next = { ...before }
        if (answer === undefined) delete next[task]
        else next[task] = answer
        localStorage.setItem(PREFIX + assignmentId, JSON.stringify(next))
        return next
      }),
    [assignmentId],
  )
  const clear = useCallback(() => localStorage.removeItem(PREFIX + assignmentId), [assignmentId])
  return { answers, put, clear }
}

function load(assignmentId: string): Answers {
  try {
    return (JSON.parse(localStorage.getItem(PREFIX + assignmentId) ?? '{}') ?? {}) as Answers
  } catch {
    return {}
  }
}
