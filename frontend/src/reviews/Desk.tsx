// The reviewer's desk: the task as the worker saw it, the answer beside what is known, and keys for each decision.
import { useQueries, useQuery } from '@tanstack/react-query'
import { useCallback, useEffect, useRef, useState } from 'react'
import { AnswerView } from '../answers/AnswerView'
import type { Press } from '../answers/control'
import type { Schemas } from '../api/client'
import type { Call } from '../chain/calls'
import { Words } from '../parts/CallSteps'
import { Address, When } from '../parts/chain'
import { TaskContent } from '../parts/TaskContent'
import { LONGEST_MILLISECONDS } from '../parts/TaskFrame'
import { useTexts } from '../texts'
import { partsQuery, showsQuery } from '../work/queries'
import { Asking } from './Asking'
import { propose, sign } from './actions'
import { Facts } from './Facts'
import { signalsQuery } from './queries'
import { Rejecting } from './Rejecting'
import { Revised } from './Revised'
import { type Answer, useVerdicts } from './verdicts'

/** So many of the next answers' tasks are fetched before they are looked at. */
const AHEAD = 4

type Props = { batch: Schemas['BatchView']; answers: Answer[]; isReviewer: boolean; call: Call }

export function Desk({ batch, answers, isReviewer: isNamed, call }: Props) {
  const { t, number } = useTexts()
  const { verdicts, put, putAll, clear } = useVerdicts(batch.batch_id)
  const [place, setPlace] = useState(() =>
    Math.max(
      0,
      answers.findIndex(({ key }) => !verdicts[key]),
    ),
  )
  const [typing, setTyping] = useState<'rejecting' | 'asking' | null>(null)
  /** Before the first task and what is odd about its answer have their size, what stands below could move under a press. */
  const [isSettled, setSettled] = useState(false)
  const [isLate, setLate] = useState(false)
  const signals = useQuery(signalsQuery(batch.batch_id))
  const isPlaced = isLate || (isSettled && !signals.isPending)
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), LONGEST_MILLISECONDS)
    return () => clearTimeout(timer)
  }, [])
  const at = Math.min(place, answers.length - 1)
  const shown = answers[at]
  const open = answers.filter(({ key }) => !verdicts[key])
  const decided = answers.filter(({ key }) => verdicts[key])
  const rejected = decided.filter(({ key }) => verdicts[key]?.decision === 'rejected').length
  const mayAsk = shown !== undefined && shown.revision?.state !== 'open'
  const policy = String(batch.review?.['policy'] ?? '')
  const isAutomatic = policy === 'agreement' || policy === 'inference'
  const isDrawn = policy === 'drawn'
  const isReviewer = isNamed && !isDrawn

  const move = useCallback(
    (by: number) => {
      setTyping(null)
      setPlace((now) => Math.max(0, Math.min(answers.length - 1, now + by)))
    },
    [answers.length],
  )
  const accept = useCallback(() => {
    if (!shown) return
    put(shown.key, { decision: 'accepted', reason: '' })
    move(1)
  }, [move, put, shown])
  const press = useCallback(
    ({ key }: Pick<Press, 'key'>) => {
      if (key === 'ArrowLeft' || key === 'k') move(-1)
      else if (key === 'ArrowRight' || key === 'j') move(1)
      else if (!isReviewer) return false
      else if (key === 'a') accept()
      else if (key === 'r') setTyping('rejecting')
      else if (key === 'b' && mayAsk) setTyping('asking')
      else if (key === 'u' && shown) put(shown.key, null)
      else return false
      return true
    },
    [accept, isReviewer, mayAsk, move, put, shown],
  )
  useKeys(press, typing !== null)
  const type = batch.task_type
  const asked = { type, schema: batch.answer_schema ?? {} }
  const shows = useQuery(showsQuery(type)).data
  const ahead = shows ? answers.slice(at, at + AHEAD) : []
  useQueries({ queries: ahead.map(({ content }) => partsQuery(content, type, shows ?? [])) })

  const settle = (own: boolean) =>
    void call.run(async (wallet) => {
      const found = await propose(wallet, batch.batch_id, own ? decided : null, verdicts)
      const transaction = await sign(wallet, found)
      clear()
      return transaction
    })
  if (!shown) return null
  const verdict = verdicts[shown.key]
  return (
    <section className="desk">
      <div className="row spread">
        <p className="fine" role="status">
          {t('review.place', { place: number(at + 1), count: answers.length })} ·{' '}
          {t('review.decided', { count: decided.length })}
        </p>
        <p className="fine">
          {t('review.silence')} <When at={shown.reviewEndsAt} />
        </p>
      </div>
      <progress value={decided.length} max={answers.length} aria-label={t('review.progress')} />
      <div className="beside">
        <div className="card task">
          <h2 className="visually-hidden">{t('review.task')}</h2>
          <details open>
            <summary>{t('work.instructions')}</summary>
            <p className="instructions" dir="auto">
              {batch.instructions}
            </p>
          </details>
          <TaskContent
            content={shown.content}
            type={type}
            onKey={press}
            missing={t('draft.not_pinned')}
            onSettled={() => setSettled(true)}
          />
        </div>
        <div className="card">
          <h2>{t('review.answer')}</h2>
          <AnswerView key={shown.key} asked={asked} content={shown.content} answer={shown.answer} />
          <Facts batchId={batch.batch_id} asked={asked} answer={shown} />
          <p className="fine">
            {t('review.by')} <Address of={shown.worker} />
          </p>
          {verdict && (
            <p className={verdict.decision === 'accepted' ? 'notice good' : 'notice bad'} role="status">
              {t(verdict.decision === 'accepted' ? 'review.is_accepted' : 'review.is_rejected')}{' '}
              {verdict.reason && <q dir="auto">{verdict.reason}</q>}
            </p>
          )}
          {shown.revision && <Revised revision={shown.revision} asked={asked} content={shown.content} />}
          {isReviewer && typing === null && (
            <div className="choices">
              <button type="button" className="answer" aria-keyshortcuts="a" onClick={accept}>
                <kbd>A</kbd> {t('review.accept')}
              </button>
              <button type="button" className="answer" aria-keyshortcuts="r" onClick={() => setTyping('rejecting')}>
                <kbd>R</kbd> {t('review.reject')}
              </button>
              {mayAsk && (
                <button type="button" className="answer" aria-keyshortcuts="b" onClick={() => setTyping('asking')}>
                  <kbd>B</kbd> {t('revise.ask')}
                </button>
              )}
              {verdict && (
                <button type="button" className="answer" aria-keyshortcuts="u" onClick={() => put(shown.key, null)}>
                  <kbd>U</kbd> {t('review.undo')}
                </button>
              )}
            </div>
          )}
          {isReviewer && typing === 'rejecting' && (
            <Rejecting
              key={shown.key}
              onDone={(reason) => {
                put(shown.key, { decision: 'rejected', reason })
                move(1)
              }}
              onCancel={() => setTyping(null)}
            />
          )}
          {typing === 'asking' && (
            <Asking key={shown.key} batchId={batch.batch_id} about={shown} onDone={() => setTyping(null)} />
          )}
          {!isReviewer && <p className="notice">{t(isDrawn ? 'drawn.decide' : 'review.only_look')}</p>}
          <div className="row spread">
            <button type="button" disabled={at === 0} aria-keyshortcuts="ArrowLeft" onClick={() => move(-1)}>
              {t('work.back')}
            </button>
            <button
              type="button"
              disabled={at === answers.length - 1}
              aria-keyshortcuts="ArrowRight"
              onClick={() => move(1)}
            >
              {t('work.next')}
            </button>
          </div>
        </div>
      </div>
      {isReviewer && (
        <section className="card">
          <h2>{t('review.finish')}</h2>
          <div className="choices">
            {open.length > 0 && (
              <button
                type="button"
                disabled={!isPlaced}
                onClick={() =>
                  putAll(
                    open.map(({ key }) => key),
                    { decision: 'accepted', reason: '' },
                  )
                }
              >
                {t('review.accept_rest', { count: open.length })}
              </button>
            )}
            <button
              type="button"
              className="primary"
              disabled={!isPlaced || call.busy || decided.length === 0}
              onClick={() => settle(true)}
            >
              {t('review.settle', { count: decided.length })}
            </button>
            {isAutomatic && (
              <button type="button" disabled={!isPlaced || call.busy} onClick={() => settle(false)}>
                {t('review.by_policy')}
              </button>
            )}
          </div>
          <Words>{t('review.words', { accepted: decided.length - rejected, rejected })}</Words>
          {isAutomatic && <p className="fine">{t('review.policy_words')}</p>}
        </section>
      )}
    </section>
  )
}

/** Keys anywhere on the page, but not while somebody types or chooses a reason. */
function useKeys(press: (pressed: Pick<Press, 'key'>) => boolean, isTyping: boolean) {
  const latest = useRef(press)
  latest.current = press
  useEffect(() => {
    const hear = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement | null
      if (isTyping || event.ctrlKey || event.metaKey || event.altKey) return
      if (target?.closest('input, textarea, select')) return
      if (latest.current(event)) event.preventDefault()
    }
    addEventListener('keydown', hear)
    return () => removeEventListener('keydown', hear)
  }, [isTyping])
}
