// Batches whose answers wait for the signed-in reviewer.
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { Schemas } from '../api/client'
import { useLive } from '../api/live'
import { useSession } from '../chain/session'
import { When } from '../parts/chain'
import { Gate } from '../parts/SignIn'
import { Empty, Shown } from '../parts/states'
import { DrawnReviews, OpenReviews } from '../reviews/Drawn'
import { reviewQueue } from '../reviews/queries'
import { useTexts } from '../texts'

export default function Review() {
  const { t } = useTexts()
  const { address } = useSession()
  return (
    <>
      <h1>{t('review.title')}</h1>
      <p className="lead">{t('review.lead')}</p>
      <Gate>
        {address && (
          <>
            <p>
              <Link to="/review/record">{t('reviewer.title')}</Link>
            </p>
            <DrawnReviews reviewer={address} />
            <Waiting reviewer={address} />
            <OpenReviews reviewer={address} />
          </>
        )}
      </Gate>
    </>
  )
}

function Waiting({ reviewer }: { reviewer: string }) {
  const { t } = useTexts()
  useLive(`/v1/live/reviewers/${reviewer}`, [['reviews', reviewer]])
  return (
    <Shown query={useQuery(reviewQueue(reviewer))}>
      {({ items }) =>
        items.length === 0 ? (
          <Empty title={t('review.none')}>
            <p>{t('review.none_hint')}</p>
          </Empty>
        ) : (
          <ul className="list">
            {items.map((item) => (
              <Row key={item.batch_id} item={item} reviewer={reviewer} />
            ))}
          </ul>
        )
      }
    </Shown>
  )
}

function Row({ item, reviewer }: { item: Schemas['QueueItem']; reviewer: string }) {
  const { t } = useTexts()
  const open = item.proposals.find((proposal) => proposal.status === 'open')
  return (
    <li className="item">
      <div>
        <h2 className="row-title">
          <Link to="/review/$batchId" params={{ batchId: item.batch_id }} dir="auto">
            {item.title ?? t('batch.untitled')}
          </Link>
        </h2>
        <p className="fine">
          {t('review.waiting', { count: item.submitted })}
          {item.review_ends_at != null && (
            <>
              {' · '}
              {t('review.silence')} <When at={item.review_ends_at} />
            </>
          )}
          {open && (
            <span className="tag">
              {open.signatures.includes(reviewer)
                ? t('review.signed', { have: open.signatures.length, need: open.threshold })
                : t('review.to_sign')}
            </span>
          )}
        </p>
      </div>
    </li>
  )
}
