// One case: what was asked, answered, rejected and contested, and the juror's vote. Strangers' words stay in their frame.
import { useQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { useMemo } from 'react'
import type { Schemas } from '../api/client'
import { useSession } from '../chain/session'
import { Ballot } from '../jury/Ballot'
import { answersQuery, disputeQuery, queueQuery } from '../jury/queries'
import { Address } from '../parts/chain'
import { Gate } from '../parts/SignIn'
import { Shown } from '../parts/states'
import { TaskFrame } from '../parts/TaskFrame'
import { useTexts } from '../texts'
import type { Part } from '../work/content'
import { batchQuery, manifestQuery, partsQuery } from '../work/queries'

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
  const isJuror = address !== null && chain.arbitration?.jurors.includes(address)
  return (
    <>
      <h1>{t('jury.contested', { count: dispute.count })}</h1>
      <p>
        <Address of={dispute.worker} /> ·{' '}
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
      <Evidence dispute={dispute} />
      {dispute.state === 'open' && (
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

function Evidence({ dispute }: { dispute: Dispute }) {
  const { t } = useTexts()
  const said = dispute.evidence as { statement?: unknown } | null
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
        <section>
          <h2>{t('work.instructions')}</h2>
          <p className="instructions" dir="auto">
            {batch.data.instructions}
          </p>
        </section>
      )}
      <section className="card">
        <h2>{t('jury.statement')}</h2>
        {said ? <TaskFrame parts={statement} /> : <p>{t('jury.no_statement')}</p>}
      </section>
      <Shown query={useQuery(manifestQuery(dispute.batch_id))}>
        {({ tasks }) =>
          dispute.rejections.map((item) => (
            <Contested
              key={`${item.submission}-${item.task}`}
              item={item}
              content={tasks.find((task) => task.id === item.task)?.content ?? {}}
              answer={answers.data?.[`${item.submission} ${item.task}`]}
            />
          ))
        }
      </Shown>
    </>
  )
}

type ContestedProps = { item: Schemas['RejectedAnswer']; content: Record<string, unknown>; answer: unknown }

function Contested({ item, content, answer }: ContestedProps) {
  const { t } = useTexts()
  const shown = useQuery(partsQuery(content))
  const parts = useMemo<Part[]>(() => {
    const given = typeof answer === 'string' ? answer : (JSON.stringify(answer) ?? '')
    return [
      ...(shown.data ?? []),
      { kind: 'text', name: t('jury.answer'), text: given },
      { kind: 'text', name: t('jury.reason'), text: item.reason || t('rejections.no_reason') },
    ]
  }, [shown.data, answer, item.reason, t])
  return (
    <section className="card">
      <h2>
        <code dir="auto">{item.task}</code>
      </h2>
      {shown.isError && <p className="notice warn">{t('jury.task_missing')}</p>}
      <TaskFrame parts={parts} />
    </section>
  )
}
