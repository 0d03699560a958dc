// One request for a better answer: what is asked, what was handed in, and the form for a better one.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { useCallback, useRef } from 'react'
import { AnswerForm, type Asked } from '../answers/AnswerForm'
import { AnswerView } from '../answers/AnswerView'
import type { Hear, Press } from '../answers/control'
import { faultOf } from '../answers/fault'
import { api, data, type Schemas } from '../api/client'
import { useLive } from '../api/live'
import { canonical } from '../chain/checks'
import { useSession } from '../chain/session'
import { When } from '../parts/chain'
import { Gate } from '../parts/SignIn'
import { Refused, Shown } from '../parts/states'
import { TaskContent } from '../parts/TaskContent'
import { revisionQuery, revisionsKey } from '../revisions/queries'
import { useTexts } from '../texts'
import { useDraft } from '../work/draft'
import { useKeys } from '../work/keys'
import { batchQuery } from '../work/queries'

type Own = Schemas['OwnRevisionView']

/** What was too late for its batch is no answer to a revision. */
const NO_TASKS: { id: string }[] = []

export default function Revision() {
  const { t } = useTexts()
  const { address } = useSession()
  const { revisionId } = useParams({ from: '/revisions/$revisionId' })
  return (
    <>
      <p className="eyebrow">
        <Link to="/revisions">{t('revise.inbox')}</Link>
      </p>
      <Gate>{address && <One revisionId={revisionId} address={address} />}</Gate>
    </>
  )
}

function One({ revisionId, address }: { revisionId: string; address: string }) {
  useLive(`/v1/live/workers/${address}`, [revisionsKey(address)])
  return (
    <Shown query={useQuery(revisionQuery(address, revisionId))}>
      {(found) => <Told key={found.revision_id} found={found} address={address} />}
    </Shown>
  )
}

function Told({ found, address }: { found: Own; address: string }) {
  const { t } = useTexts()
  const batch = useQuery(batchQuery(found.batch_id))
  return (
    <>
      <h1 dir="auto">{found.title}</h1>
      <Shown query={batch}>
        {({ task_type }) => {
          const asked: Asked = { type: task_type, schema: found.answer_schema }
          return (
            <div className="beside">
              <div className="card task">
                <details>
                  <summary>{t('work.instructions')}</summary>
                  <p className="instructions" dir="auto">
                    {found.instructions}
                  </p>
                </details>
                <TaskContent content={found.content} type={task_type} />
                <h2>{t('revise.handed_in')}</h2>
                <AnswerView asked={asked} content={found.content} answer={found.submitted_answer} />
              </div>
              <div className="card">
                <h2>{t('revise.why')}</h2>
                <p className="notice warn">
                  <q dir="auto" className="said">
                    {found.reason}
                  </q>
                </p>
                {found.state === 'open' ? (
                  <Better found={found} asked={asked} address={address} />
                ) : (
                  <>
                    <p className="notice" role="status">
                      {t(`revise.own.${found.state}`)}
                    </p>
                    {found.state === 'answered' && (
                      <>
                        <h2>{t('revise.yours')}</h2>
                        <AnswerView asked={asked} content={found.content} answer={found.answer} />
                      </>
                    )}
                  </>
                )}
              </div>
            </div>
          )
        }}
      </Shown>
    </>
  )
}

function Better({ found, asked, address }: { found: Own; asked: Asked; address: string }) {
  const { t } = useTexts()
  const client = useQueryClient()
  const { answers, put, clear } = useDraft(found.revision_id, found.batch_id, NO_TASKS)
  const answer = answers[found.task] ?? found.submitted_answer
  const keys = useRef<Hear | null>(null)
  const frame = useRef<((message: Record<string, unknown>) => void) | null>(null)
  useKeys(useCallback((pressed: Press) => keys.current?.(pressed) ?? false, []))
  const params = { path: { revision_id: found.revision_id } }
  const ending = useMutation({
    mutationFn: (isBetter: boolean) =>
      isBetter
        ? data(api.POST('/v1/work/revisions/{revision_id}/answer', { params, body: { answer } }))
        : data(api.POST('/v1/work/revisions/{revision_id}/refusal', { params })),
    onSuccess: () => {
      clear()
      return client.invalidateQueries({ queryKey: revisionsKey(address) })
    },
  })
  const isSame = canonical(answer) === canonical(found.submitted_answer)
  const isWrong = faultOf(asked.type, asked.schema, found.content, answer) !== null
  return (
    <>
      <p className="fine">
        {t('revise.lead')}{' '}
        {found.review_ends_at !== null && (
          <>
            {t('revise.until')} <When at={found.review_ends_at} />
          </>
        )}
      </p>
      <h2>{t('revise.yours')}</h2>
      <AnswerForm
        asked={asked}
        content={found.content}
        answer={answer}
        onAnswer={(next) => put(found.task, next)}
        onNext={() => undefined}
        keys={keys}
        frame={frame}
        isPreview={false}
      />
      <div className="choices">
        <button
          type="button"
          className="primary"
          disabled={isSame || isWrong || ending.isPending}
          onClick={() => ending.mutate(true)}
        >
          {t('revise.hand_in')}
        </button>
        <button type="button" disabled={ending.isPending} onClick={() => ending.mutate(false)}>
          {t('revise.keep')}
        </button>
      </div>
      <Refused error={ending.error} />
    </>
  )
}
