// The work screen: one task at a time, keys for everything, nothing final before it is handed in.
import { useQueries, useQuery } from '@tanstack/react-query'
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import type { Schemas } from '../api/client'
import { useCall } from '../chain/calls'
import { CallSteps, Words } from '../parts/CallSteps'
import { Failed, Loading } from '../parts/states'
import { TaskFrame } from '../parts/TaskFrame'
import { useTexts } from '../texts'
import { AnswerForm, isAnswered } from './AnswerForm'
import { giveBack, submit } from './actions'
import { type Way, wayOf } from './content'
import { useDraft } from './draft'
import { Lease } from './Lease'
import { partsQuery } from './queries'

type Props = {
  assignment: Schemas['AssignmentView']
  batch: Schemas['BatchView']
  address: string
  onHandedIn: (units: string) => void
}

export function Workbench({ assignment, batch, address, onHandedIn }: Props) {
  const { t, number } = useTexts()
  const tasks = useMemo(() => assignment.tasks ?? [], [assignment.tasks])
  const { answers, put, clear } = useDraft(assignment.assignment_id)
  const way = useMemo(() => wayOf(batch.answer_schema ?? {}), [batch.answer_schema])
  const done = (task: { id: string }) => isAnswered(way, answers[task.id])
  const [place, setPlace] = useState(() => firstOpen(tasks.map(done)))
  const call = useCall()
  const back = useCall()
  useQueries({ queries: tasks.map((task) => partsQuery(task.content)) }) // all of them, ahead of time
  const task = tasks[place]
  const undo = useCallback(() => setPlace((now) => Math.max(0, now - 1)), [])
  const next = useCallback(() => setPlace((now) => Math.min(tasks.length, now + 1)), [tasks.length])
  const heading = useRef<HTMLHeadingElement>(null)
  // biome-ignore lint/correctness/useExhaustiveDependencies: the last look is a new heading, which gets the focus
  useEffect(() => heading.current?.focus(), [place === tasks.length])

  const press = useCallback(
    (key: string) => {
      if (key === 'Backspace' || key === 'ArrowLeft') return undo()
      if (key === 'ArrowRight') return next()
      const choice = way.kind === 'choice' && way.choices.find((option) => option.key === key.toLowerCase())
      if (!choice || !task) return
      put(task.id, choice.value)
      next()
    },
    [next, put, task, undo, way],
  )
  useKeys(press, way)

  const handIn = () =>
    void call.run(async (wallet) => {
      const given = tasks.map(({ id }) => ({ task: id, answer: answers[id] }))
      await submit(wallet, address, assignment, given)
      clear()
      onHandedIn((BigInt(batch.reward_units) * BigInt(tasks.length)).toString())
      return null
    })
  return (
    <section className="bench">
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
            {batch.instructions}
          </p>
        </details>
      )}
      {task ? (
        <div className="card task">
          <Content content={task.content} onKey={press} />
          <AnswerForm
            key={task.id}
            way={way}
            answer={answers[task.id]}
            onAnswer={(answer) => put(task.id, answer)}
            onNext={next}
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
                  <span dir="auto">{done(each) ? shownAnswer(way, answers[each.id]) : t('work.unanswered')}</span>
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
        <button
          type="button"
          disabled={back.busy || call.busy}
          onClick={() => void back.run((wallet) => giveBack(wallet, address, assignment))}
        >
          {t('work.give_back')}
        </button>
        <CallSteps call={back} />
      </details>
    </section>
  )
}

function Content({ content, onKey }: { content: Record<string, unknown>; onKey: (key: string) => void }) {
  const { t } = useTexts()
  const parts = useQuery(partsQuery(content))
  if (parts.isError) return <Failed error={parts.error} again={() => void parts.refetch()} />
  if (!parts.data) return <Loading />
  return (
    <>
      <TaskFrame parts={parts.data} onKey={onKey} />
      <p className="fine">{t('work.frame_note')}</p>
    </>
  )
}

/** Keys anywhere on the page, but not while somebody types. */
function useKeys(press: (key: string) => void, way: Way) {
  useEffect(() => {
    const hear = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement | null
      if (event.ctrlKey || event.metaKey || event.altKey || target?.closest('input, textarea, select')) return
      if (way.kind !== 'choice' && event.key === 'Backspace') return
      press(event.key)
    }
    addEventListener('keydown', hear)
    return () => removeEventListener('keydown', hear)
  }, [press, way])
}

function firstOpen(done: boolean[]): number {
  const found = done.indexOf(false)
  return found < 0 ? done.length : found
}

function shownAnswer(way: Way, answer: unknown): string {
  const choice = way.kind === 'choice' ? way.choices.find(({ value }) => value === answer) : undefined
  return choice?.label ?? String(answer)
}
