// The work screen: one task at a time, keys for everything, nothing final before it is handed in.
import { useQueries, useQuery } from '@tanstack/react-query'
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { AnswerForm, type Asked } from '../answers/AnswerForm'
import type { Hear, Press } from '../answers/control'
import { FaultLine } from '../answers/FaultLine'
import { faultOf } from '../answers/fault'
import { judgedOf } from '../answers/review'
import { answerText } from '../answers/says'
import { wayOf } from '../answers/way'
import type { Schemas } from '../api/client'
import { useCall } from '../chain/calls'
import { CallSteps, Words } from '../parts/CallSteps'
import { TaskContent } from '../parts/TaskContent'
import { useTexts } from '../texts'
import { giveBack, submit } from './actions'
import { useDraft } from './draft'
import { useKeys } from './keys'
import { Lease } from './Lease'
import { partsQuery, showsQuery } from './queries'

type Task = Schemas['TaskView']
type Props = {
  assignment: Schemas['AssignmentView']
  batch: Schemas['BatchView']
  address: string
  onHandedIn: (units: string) => void
  onGivenBack: (count: number) => void
}

export function Workbench({ assignment, batch, address, onHandedIn, onGivenBack }: Props) {
  const texts = useTexts()
  const { t, number } = texts
  const tasks = useMemo(() => assignment.tasks ?? [], [assignment.tasks])
  const { answers, put, clear } = useDraft(assignment.assignment_id, assignment.batch_id, tasks)
  const asked = useMemo<Asked>(
    () => ({ type: batch.task_type, schema: batch.answer_schema ?? {} }),
    [batch.task_type, batch.answer_schema],
  )
  const way = useMemo(() => wayOf(asked.type, asked.schema), [asked])
  /** What a task shows; of a review, the task that the judged answer is to. */
  const shownOf = (task: Task) =>
    way.kind === 'verdict' ? shownOfReview(task.content) : { content: task.content, type: batch.task_type }
  const wrong = (task: Task) => faultOf(asked.type, asked.schema, task.content, answers[task.id])
  const done = (task: Task) => answers[task.id] !== undefined && wrong(task) === null
  const [place, setPlace] = useState(() => firstOpen(tasks.map(done)))
  const call = useCall()
  const back = useCall()
  const judged = way.kind === 'verdict' && tasks[0] ? judgedOf(tasks[0].content).type : batch.task_type
  const shows = useQuery(showsQuery(judged)).data
  const ahead = shows ? tasks.map((each) => partsQuery(shownOf(each).content, judged, shows)) : []
  useQueries({ queries: ahead })
  const task = tasks[place]
  const undo = useCallback(() => setPlace((now) => Math.max(0, now - 1)), [])
  const next = useCallback(() => setPlace((now) => Math.min(tasks.length, now + 1)), [tasks.length])
  const heading = useRef<HTMLHeadingElement>(null)
  const bench = useRef<HTMLElement>(null)
  // biome-ignore lint/correctness/useExhaustiveDependencies: the last look is a new heading, which gets the focus
  useEffect(() => {
    // A text field took it before.
    if (!bench.current?.contains(document.activeElement)) heading.current?.focus()
  }, [place === tasks.length])
  const frame = useRef<((message: Record<string, unknown>) => void) | null>(null)
  const keys = useRef<Hear | null>(null)
  const press = useCallback(
    (pressed: Press): boolean => {
      const { key, ctrl, typing } = pressed
      if (key === 'Enter' && ctrl) next()
      else if (keys.current?.(pressed)) return true
      else if (typing || ctrl) return false
      else if (key === 'Backspace' || key === 'ArrowLeft') undo()
      else if (key === 'ArrowRight') next()
      else return false
      return true
    },
    [next, undo],
  )
  useKeys(press)

  const handIn = () =>
    void call.run(async (wallet) => {
      const given = tasks.map(({ id }) => ({ task: id, answer: answers[id] }))
      await submit(wallet, address, assignment, given)
      clear()
      onHandedIn((BigInt(batch.reward_units) * BigInt(tasks.length)).toString())
      return null
    })
  const leave = () =>
    void back.run(async (wallet) => {
      const transaction = await giveBack(wallet, address, assignment)
      clear()
      onGivenBack(tasks.length)
      return transaction
    })
  return (
    <section className="bench" ref={bench}>
      <header className="row spread">
        <div>
          <p className="eyebrow" dir="auto">
            {batch.title ?? t('batch.untitled')}
          </p>
          <h2 ref={heading} tabIndex={-1}>
            {task ? t('work.place', { place: number(place + 1), count: tasks.length }) : t('work.look_again')}
          </h2>
        </div>
        <Lease end={assignment.lease_end} />
      </header>
      <progress value={tasks.filter(done).length} max={tasks.length} aria-label={t('work.progress')} />
      {batch.instructions && (
        <details open={place === 0}>
          <summary>{t('work.instructions')}</summary>
          <p className="instructions" dir="auto">
            {way.kind === 'verdict' ? t('drawn.instructions') : batch.instructions}
          </p>
        </details>
      )}
      {task ? (
        <div className="card task">
          <TaskContent {...shownOf(task)} withoutPicture={way.kind === 'boxes'} onKey={press} remote={frame} />
          <AnswerForm
            key={task.id}
            asked={asked}
            content={task.content}
            answer={answers[task.id]}
            onAnswer={(answer) => put(task.id, answer)}
            onNext={next}
            keys={keys}
            frame={frame}
            isPreview={false}
          />
          <div className="row spread">
            <button type="button" disabled={place === 0} onClick={undo}>
              {t('work.back')}
            </button>
            <span className="fine">{t('work.saved')}</span>
            <button type="button" onClick={next}>
              {done(task) ? t('work.next') : t('work.later')}
            </button>
          </div>
        </div>
      ) : (
        <div className="card">
          <ol className="answers-list">
            {tasks.map((each, at) => (
              <li key={each.id}>
                <button type="button" className="plain" onClick={() => setPlace(at)}>
                  <span className="fine">{t('work.place', { place: number(at + 1), count: tasks.length })}</span>
                  <span dir="auto">
                    {answers[each.id] === undefined ? t('work.unanswered') : answerText(texts, way, answers[each.id])}
                    {answers[each.id] !== undefined && <FaultLine fault={wrong(each)} />}
                  </span>
                  <span className="change">{t('work.change')}</span>
                </button>
              </li>
            ))}
          </ol>
          <button type="button" className="primary" disabled={call.busy || !tasks.every(done)} onClick={handIn}>
            {t('work.hand_in', { count: tasks.length })}
          </button>
          <Words>{t('work.submit_words', { count: tasks.length })}</Words>
          <CallSteps call={call} />
        </div>
      )}
      <details className="fine">
        <summary>{t('work.give_back')}</summary>
        <p>{t('work.give_back_words', { count: tasks.length })}</p>
        <button type="button" disabled={back.busy || call.busy} onClick={leave}>
          {t('work.give_back')}
        </button>
        <CallSteps call={back} />
      </details>
    </section>
  )
}

function shownOfReview(review: Record<string, unknown>) {
  const { content, type } = judgedOf(review)
  return { content, type }
}

function firstOpen(done: boolean[]): number {
  const found = done.indexOf(false)
  return found < 0 ? done.length : found
}
