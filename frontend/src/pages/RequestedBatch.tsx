// One batch as its requester sees it: progress as it happens, results, report, receipts, and the way to end it.

import { useQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { Suspense } from 'react'
import type { Schemas } from '../api/client'
import { useLive } from '../api/live'
import { later } from '../app/patiently'
import { useSession } from '../chain/session'
import { Hourly, Money, When } from '../parts/chain'
import { Gate } from '../parts/SignIn'
import { Loading, Shown } from '../parts/states'
import { Ending } from '../requests/Ending'
import { People } from '../requests/People'
import { Receipts } from '../requests/Receipts'
import { Report } from '../requests/Report'
import { Results } from '../requests/Results'
import { useTexts } from '../texts'
import { batchQuery } from '../work/queries'

const DrawnReviewers = later(() => import('../requests/DrawnReviewers'))

type Batch = Schemas['BatchView']

export default function RequestedBatch() {
  const { batchId } = useParams({ from: '/requests/$batchId' })
  const { address } = useSession()
  return (
    <>
      <p className="eyebrow">
        <BackLink />
      </p>
      <Gate>{address && <One batchId={batchId} address={address} />}</Gate>
    </>
  )
}

function BackLink() {
  const { t } = useTexts()
  return <Link to="/requests">{t('requests.title')}</Link>
}

function One({ batchId, address }: { batchId: string; address: string }) {
  const { t } = useTexts()
  useLive(`/v1/live/batches/${batchId}`, [
    ['batch', batchId],
    ['audit', 'events', batchId],
  ])
  return (
    <Shown query={useQuery(batchQuery(batchId))}>
      {(batch) => (
        <>
          <div className="row spread start">
            <h1 dir="auto">{batch.title ?? t('batch.untitled')}</h1>
            <span className={batch.status === 'open' ? 'tag' : 'tag quiet'}>
              {t(batch.status === 'open' ? 'requests.open' : 'requests.ended')}
            </span>
          </div>
          <Progress batch={batch} />
          <Figures batch={batch} />
          {batch.requester === address ? (
            <>
              {batch.review?.['policy'] === 'drawn' && (
                <Suspense fallback={<Loading />}>
                  <DrawnReviewers batch={batch} address={address} />
                </Suspense>
              )}
              <Results batch={batch} />
              <Report batch={batch} />
              <People batch={batch} address={address} />
              <Ending batch={batch} />
            </>
          ) : (
            <p className="notice">{t('requests.not_yours')}</p>
          )}
          <Receipts batchId={batchId} owner={address} />
        </>
      )}
    </Shown>
  )
}

const PARTS = ['accepted', 'contestable', 'disputed', 'submitted', 'claimed', 'free', 'refunded'] as const

function Progress({ batch }: { batch: Batch }) {
  const { t, number } = useTexts()
  const shown = PARTS.filter((part) => batch[part] > 0)
  return (
    <section className="card" aria-label={t('requests.progress_now')} aria-live="polite">
      <div className="row spread">
        <h2>{t('requests.done', { done: batch.accepted, all: batch.assignments })}</h2>
        {batch.progress.tasks !== null && (
          <span className="fine">
            {t('requests.complete', { done: batch.progress.tasks_complete ?? 0, all: batch.progress.tasks })}
          </span>
        )}
      </div>
      <progress value={batch.accepted} max={batch.assignments} aria-label={t('requests.progress')} />
      <ul className="legend">
        {shown.map((part) => (
          <li key={part} className={part}>
            <strong>{number(batch[part])}</strong> {t(`part.${part}`)}
          </li>
        ))}
      </ul>
      {batch.submitted > 0 && (
        <p>
          <Link to="/review/$batchId" params={{ batchId: batch.batch_id }} className="button primary">
            {t('requests.look', { count: batch.submitted })}
          </Link>
        </p>
      )}
    </section>
  )
}

function Figures({ batch }: { batch: Batch }) {
  const { t, number } = useTexts()
  const cost = BigInt(batch.reward_units) + BigInt(String(batch.terms['operatorFee'] ?? '0'))
  const back = cost * BigInt(batch.refunded)
  const paid = BigInt(batch.reward_units) * BigInt(batch.accepted)
  const held = cost * BigInt(batch.assignments - batch.accepted - batch.refunded)
  const { pay } = batch
  return (
    <dl className="facts">
      <Fact name={t('requests.paid')}>
        <Money units={paid} />
      </Fact>
      <Fact name={t('requests.held')}>
        <Money units={held} />
      </Fact>
      <Fact name={t('requests.back')}>
        <Money units={back} />
      </Fact>
      {BigInt(batch.locked_units) > 0n && (
        <Fact name={t('requests.locked')}>
          <Money units={batch.locked_units} />
        </Fact>
      )}
      {pay.pay_per_hour_units !== null && (
        <Fact name={t(pay.basis === 'measured' ? 'requests.hour_measured' : 'requests.hour_stated')}>
          <Hourly units={pay.pay_per_hour_units} />
        </Fact>
      )}
      {pay.measured_assignments > 0 && <Fact name={t('requests.workers')}>{number(pay.measured_workers)}</Fact>}
      <Fact name={t('requests.takes_until')}>
        <When at={batch.claim_by} />
      </Fact>
    </dl>
  )
}

function Fact({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}
