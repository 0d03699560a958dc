// Answers that were not handed in yet, kept in this browser after each keystroke.
import { useCallback, useState } from 'react'

export type Answers = Record<string, unknown>

const PREFIX = 'piecework.answers.'
/** Answers of a batch whose time ran out before they were handed in. */
const LATE = 'piecework.late.'

/** The draft of an assignment; what was answered too late before stands there already if the same task comes again. */
export function useDraft(assignmentId: string, batchId: string, tasks: readonly { id: string }[]) {
  const [answers, setAnswers] = useState<Answers>(() => {
    const late = load(LATE + batchId)
    const again = tasks.filter(({ id }) => late[id] !== undefined).map(({ id }) => [id, late[id]])
    return { ...Object.fromEntries(again), ...load(PREFIX + assignmentId) }
  })
  const put = useCallback(
    (task: string, answer: unknown) =>
      setAnswers((before) => {
        const next = { ...before }
        if (answer === undefined) delete next[task]
        else next[task] = answer
        store(PREFIX + assignmentId, next)
        return next
      }),
    [assignmentId],
  )
  const clear = useCallback(() => {
    localStorage.removeItem(PREFIX + assignmentId)
    const late = load(LATE + batchId)
    for (const { id } of tasks) delete late[id]
    store(LATE + batchId, late)
  }, [assignmentId, batchId, tasks])
  return { answers, put, clear }
}

/** Keeps an assignment's answers beside the batch, since they can no longer be handed in. */
export function keepLate(assignmentId: string, batchId: string): void {
  const answers = load(PREFIX + assignmentId)
  if (Object.keys(answers).length === 0) return
  store(LATE + batchId, { ...load(LATE + batchId), ...answers })
  localStorage.removeItem(PREFIX + assignmentId)
}

export function lateAnswers(batchId: string): Answers {
  return load(LATE + batchId)
}

export function forgetLate(batchId: string): void {
  localStorage.removeItem(LATE + batchId)
}

function store(key: string, answers: Answers): void {
  if (Object.keys(answers).length > 0) localStorage.setItem(key, JSON.stringify(answers))
  else localStorage.removeItem(key)
}

function load(key: string): Answers {
  try {
    return (JSON.parse(localStorage.getItem(key) ?? '{}') ?? {}) as Answers
  } catch {
    return {}
  }
}
