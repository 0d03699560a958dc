// The requester's own batches, newest first.
import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { Schemas } from '../api/client'
import { useSession } from '../chain/session'
import { Money, When } from '../parts/chain'
import { Pages } from '../parts/Pages'
import { Gate } from '../parts/SignIn'
import { Empty } from '../parts/states'
import { hasDraft } from '../requests/plan'
import { ownBatches } from '../requests/queries'
import { useTexts } from '../texts'

export default function Requests() {
  const { t } = useTexts()
  const { address } = useSession()
  return (
    <>
      <div className="row spread">
        <h1>{t('requests.title')}</h1>
        <div className="row">
          <Link to="/requests/lists" className="button">
            {t('pools.title')}
          </Link>
          <Link to="/requests/new" search={{ step: 1 }} className="button primary">
            {t(hasDraft() ? 'requests.go_on' : 'requests.new')}
          </Link>
        </div>
      </div>
      <p className="lead">{t('requests.lead')}</p>
      <Gate>{address && <Own requester={address} />}</Gate>
    </>
  )
}

function Own({ requester }: { requester: string }) {
  const { t } = useTexts()
  const query = useInfiniteQuery(ownBatches(requester))
  return (
    <Pages query={query}>
      {(items) =>
        items.length === 0 ? (
          <Empty title={t('requests.none')}>
            <p>{t('requests.none_hint')}</p>
          </Empty>
        ) : (
          <ul className="list">
            {items.map((batch) => (
              <Row key={batch.batch_id} batch={batch} />
            ))}
          </ul>
        )
      }
    </Pages>
  )
}

function Row({ batch }: { batch: Schemas['BatchItem'] }) {
  const { t } = useTexts()
  const waiting = batch.submitted
  return (
    <li className="item">
      <div>
        <h2 className="row-title">
          <Link to="/requests/$batchId" params={{ batchId: batch.batch_id }} dir="auto">
            {batch.title ?? t('batch.untitled')}
          </Link>
        </h2>
        <p className="fine">
          <span className={batch.status === 'open' ? 'tag first' : 'tag first quiet'}>
            {t(batch.status === 'open' ? 'requests.open' : 'requests.ended')}
          </span>{' '}
          {t('requests.done', { done: batch.accepted, all: batch.assignments })}
          {waiting > 0 && ` · ${t('requests.waiting', { count: waiting })}`} · <When at={batch.opened_at} />
        </p>
        <progress value={batch.accepted} max={batch.assignments} aria-label={t('requests.progress')} />
      </div>
      <p className="pay">
        <Money units={batch.reward_units} big />
        <span className="fine">{t('home.per_task')}</span>
      </p>
    </li>
  )
}
