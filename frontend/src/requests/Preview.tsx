// The worker's screen for a task of the batch: the same frame, the same form.
import { useState } from 'react'
import { AnswerForm, useNoKeys } from '../answers/AnswerForm'
import { TaskContent } from '../parts/TaskContent'
import { useTexts } from '../texts'
import type { Json, Task } from './table/tasks'

type Props = { type: string; title: string; instructions: string; tasks: Task[]; schema: Json | undefined }

export function Preview({ type, title, instructions, tasks, schema }: Props) {
  const { t, number } = useTexts()
  const [place, setPlace] = useState(0)
  const [answers, setAnswers] = useState<Record<string, unknown>>({})
  const { keys, frame } = useNoKeys()
  const at = Math.min(place, tasks.length - 1)
  const task = tasks[at]
  if (!task) return null
  return (
    <section className="bench preview" aria-label={t('draft.preview')}>
      <p className="eyebrow">{t('draft.preview')}</p>
      <h3 dir="auto">{title || t('batch.untitled')}</h3>
      <details open>
        <summary>{t('work.instructions')}</summary>
        <p className="instructions" dir="auto">
          {instructions}
        </p>
      </details>
      <div className="card task">
        <TaskContent
          content={task.content}
          type={type}
          withoutPicture={type === 'boxes'}
          remote={frame}
          missing={t('draft.not_pinned')}
        />
        {schema && (
          <AnswerForm
            key={task.id}
            isPreview
            asked={{ type, schema }}
            content={task.content}
            keys={keys}
            frame={frame}
            answer={answers[task.id]}
            onAnswer={(answer) => setAnswers({ ...answers, [task.id]: answer })}
            onNext={() => undefined}
          />
        )}
        <div className="row spread">
          <button type="button" disabled={at === 0} onClick={() => setPlace(at - 1)}>
            {t('work.back')}
          </button>
          <span className="fine">{t('work.place', { place: number(at + 1), count: tasks.length })}</span>
          <button type="button" disabled={at === tasks.length - 1} onClick={() => setPlace(at + 1)}>
            {t('work.next')}
          </button>
        </div>
      </div>
    </section>
  )
}
