// The offer of one batch: what it asks, what it pays, and the button that claims and starts.

import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Suspense } from 'react'
import { isReview } from '../answers/review'
import { later } from '../app/patiently'
import { useCall } from '../chain/calls'
import { useSession } from '../chain/session'
import { CallSteps, Words } from '../parts/CallSteps'
import { Hourly, Money } from '../parts/chain'
import { Record } from '../parts/Record'
import { Loading, Shown } from '../parts/states'
import { useTexts } from '../texts'
import { perHour } from '../texts/amounts'
import { claim } from './actions'
import { assignmentsQuery, batchQuery, manifestQuery } from './queries'

const PACKET = 10
const TakeReviews = later(() => import('../reviews/TakeReviews'))
/** The manifest of so many tasks is too much to load for its estimate alone. */
const LONG_LIST = 2_000

export function TakeTasks({ batchId, title, why }: { batchId: string; title?: string; why?: string[] }) {
  const { t } = useTexts()
  const { address } = useSession()
  const client = useQueryClient()
  const navigate = useNavigate()
  const call = useCall()
  const query = useQuery(batchQuery(batchId))
  const manifest = useQuery({
    ...manifestQuery(batchId),
    enabled: (query.data?.progress.tasks ?? LONG_LIST) < LONG_LIST,
  })
  return (
    <Shown query={query}>
      {(batch) => {
        const count = Math.min(
          PACKET,
          batch.free,
          Number(batch.terms['maxClaim'] ?? PACKET),
          batch.progress.tasks ?? PACKET,
        )
        const start = (count: number) =>
          void call.run(async (wallet) => {
            if (!address) return null
            const taken = await claim(wallet, address, batchId, count)
            client.setQueryData(assignmentsQuery(address, batchId).queryKey, { items: [taken], next_cursor: null })
            await navigate({ to: '/tasks/$batchId', params: { batchId } })
            return null
          })
        const seconds = manifest.data?.estimated_seconds_per_task
        const isReviews = isReview(batch.answer_schema ?? {})
        return (
          <section className="card offer" aria-labelledby="offer-title">
            {title && <p className="eyebrow">{title}</p>}
            <div className="row spread start">
              <h2 id="offer-title" dir="auto">
                {batch.title ?? t('batch.untitled')}
              </h2>
              <p className="pay">
                <Money units={batch.reward_units} big />
                <span className="fine">{t(isReviews ? 'drawn.per_review' : 'home.per_task')}</span>
              </p>
            </div>
            {batch.instructions && (
              <p className="instructions" dir="auto">
                {isReviews ? t('drawn.instructions') : batch.instructions}
              </p>
            )}
            <p className="fine">
              <Record of={batch.requester} />
              {seconds != null && !why && (
                <>
                  {' · '}
                  {t('home.per_hour')} <Hourly units={perHour(batch.reward_units, seconds)} />
                </>
              )}
            </p>
            {why && why.length > 0 && (
              <ul className="plain-list fine" aria-label={t('why.title')}>
                {why.map((reason) => (
                  <li key={reason}>{reason}</li>
                ))}
              </ul>
            )}
            {batch.status === 'open' && address && isReviews ? (
              <Suspense fallback={<Loading />}>
                <TakeReviews reviewBatchId={batchId} reviewer={address} call={call} onStart={start} />
              </Suspense>
            ) : batch.status === 'open' ? (
              <>
                <button type="button" className="primary" disabled={call.busy} onClick={() => start(count)}>
                  {t('work.start', { count })}
                </button>
                <Words>{t('work.claim_words', { count })}</Words>
                <CallSteps call={call} />
              </>
            ) : (
              <p className="notice">{t('work.ended')}</p>
            )}
          </section>
        )
      }}
    </Shown>
  )
}
