// One case: what was asked, answered, rejected and contested, and the juror's vote. What a task shows stays in its frame.
import { useQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { useCallback, useEffect, useMemo, useState } from 'react'
import type { Asked } from '../answers/AnswerForm'
import { AnswerView } from '../answers/AnswerView'
import type { Schemas } from '../api/client'
import { useSession } from '../chain/session'
import { Ballot } from '../jury/Ballot'
import { answersQuery, disputeQuery, queueQuery } from '../jury/queries'
import { Address } from '../parts/chain'
import { Gate } from '../parts/SignIn'
import { Loading, Shown } from '../parts/states'
import { TaskContent } from '../parts/TaskContent'
import { LONGEST_MILLISECONDS, TaskFrame } from '../parts/TaskFrame'
import { useTexts } from '../texts'
import type { Part } from '../work/content'
import { batchQuery, manifestQuery } from '../work/queries'

type Dispute = Schemas['DisputeView']

export default function JuryCase() {
  const { t } = useTexts()
  const { disputeId } = useParams({ from: '/jury/$disputeId' })
  return (
    <div className="bench">
      <p className="eyebrow">
        <Link to="/jury">{t('jury.title')}</Link>
      </p>
      <Shown query={useQuery(disputeQuery(disputeId))}>{(dispute) => <Case dispute={dispute} />}</Shown>
    </div>
  )
}

function Case({ dispute }: { dispute: Dispute }) {
  const { t } = useTexts()
  const { chain, address } = useSession()
  const { isSettled, settle } = useSettling(dispute)
  const batch = useQuery(batchQuery(dispute.batch_id))
  const isJuror = address !== null && chain.arbitration?.jurors.includes(address)
  return (
    <>
      <h1>{t('jury.contested', { count: dispute.count })}</h1>
      <p>
        {batch.data?.title && (
          <>
            <strong dir="auto">{batch.data.title}</strong>
            <br />
          </>
        )}
        {t('review.worker')} <Address of={dispute.worker} /> ·{' '}
        <Link to="/audit/$batchId" params={{ batchId: dispute.batch_id }}>
          {t('jury.audit')}
        </Link>
      </p>
      {dispute.state !== 'open' && (
        <p className="notice good" data-state={dispute.state}>
          {t(`jury.state.${dispute.state}`)}{' '}
          {t('jury.granted', { count: dispute.count, accepted: dispute.accepted ?? 0 })}
        </p>
      )}
      <Evidence dispute={dispute} onSettled={settle} />
      {dispute.state === 'open' && !isSettled && <Loading />}
      {dispute.state === 'open' && isSettled && (
        <Gate>
          {isJuror ? <Vote dispute={dispute} juror={address} /> : <p className="notice">{t('jury.not_one')}</p>}
        </Gate>
      )}
    </>
  )
}

function Vote({ dispute, juror }: { dispute: Dispute; juror: string }) {
  const { t } = useTexts()
  return (
    <Shown query={useQuery(queueQuery(juror))}>
      {({ items, commitment }) => {
        const item = items.find((found) => found.dispute.dispute_id === dispute.dispute_id)
        return item ? <Ballot item={item} recipe={commitment} /> : <p className="notice">{t('jury.may_not')}</p>
      }}
    </Shown>
  )
}

/** The button to vote comes when all evidence has its place: what is to be clicked never moves. But it comes. */
function useSettling({ evidence, rejections }: Dispute): { isSettled: boolean; settle: (part: string) => void } {
  const [settled, setSettled] = useState<string[]>([])
  const settle = useCallback(
    (part: string) => setSettled((before) => (before.includes(part) ? before : [...before, part])),
    [],
  )
  const [isLate, setLate] = useState(false)
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), LONGEST_MILLISECONDS)
    return () => clearTimeout(timer)
  }, [])
  return { isSettled: isLate || settled.length >= rejections.length + (evidence ? 1 : 0), settle }
}

function Evidence({ dispute, onSettled }: { dispute: Dispute; onSettled: (part: string) => void }) {
  const { t } = useTexts()
  const said = dispute.evidence as { statement?: unknown } | null
  const asked = useQuery(manifestQuery(dispute.batch_id))
  useEffect(() => {
    // What cannot be had is no reason for silence: jurors must be able to say so.
    if (asked.isError) for (const { submission, task } of dispute.rejections) onSettled(`${submission} ${task}`)
  }, [asked.isError, dispute.rejections, onSettled])
  const statement = useMemo<Part[]>(
    () => [{ kind: 'text', name: null, text: String(said?.statement ?? '') }],
    [said?.statement],
  )
  const digests = [...new Set(dispute.rejections.map((item) => item.submission))]
  const batch = useQuery(batchQuery(dispute.batch_id))
  const answers = useQuery(answersQuery(digests))
  return (
    <>
      {batch.data?.instructions && (
        <section className="card">
          <h2>{t('work.instructions')}</h2>
          <p className="instructions" dir="auto">
            {batch.data.instructions}
          </p>
        </section>
      )}
      <section className="card">
        <h2>{t('jury.statement')}</h2>
        {said ? (
          <TaskFrame parts={statement} onSettled={() => onSettled('statement')} />
        ) : (
          <p>{t('jury.no_statement')}</p>
        )}
      </section>
      <Shown query={asked}>
        {(manifest) =>
          dispute.rejections.map((item) => {
            const key = `${item.submission} ${item.task}`
            const schema = batch.data?.answer_schema ?? manifest.answer_schema
            return (
              <Contested
                key={key}
                item={item}
                asked={{ type: batch.data?.task_type ?? null, schema }}
                content={manifest.tasks.find((task) => task.id === item.task)?.content ?? {}}
                answer={answers.data?.[key]}
                onSettled={() => onSettled(key)}
              />
            )
          })
        }
      </Shown>
    </>
  )
}

type ContestedProps = {
  item: Schemas['RejectedAnswer']
  asked: Asked
  content: Record<string, unknown>
  answer: unknown
  onSettled: () => void
}

function Contested({ item, asked, content, answer, onSettled }: ContestedProps) {
  const { t } = useTexts()
  return (
    <section className="card">
      <h2>
        <code dir="auto">{item.task}</code>
      </h2>
      <TaskContent
        content={content}
        type={asked.type}
        withoutPicture={asked.type === 'boxes'}
        missing={t('jury.task_missing')}
        onSettled={onSettled}
      />
      <dl className="pairs">
        <dt>{t('jury.answer')}</dt>
        <dd>{answer !== undefined && <AnswerView asked={asked} content={content} answer={answer} />}</dd>
        <dt>{t('jury.reason')}</dt>
        <dd dir="auto">{item.reason || t('rejections.no_reason')}</dd>
      </dl>
    </section>
  )
}
