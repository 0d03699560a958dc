// What reviewers asked the worker to do better, newest first.
import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { Schemas } from '../api/client'
import { useLive } from '../api/live'
import { useSession } from '../chain/session'
import { When } from '../parts/chain'
import { Pages } from '../parts/Pages'
import { Gate } from '../parts/SignIn'
import { Empty } from '../parts/states'
import { revisionsKey, revisionsQuery } from '../revisions/queries'
import { useTexts } from '../texts'

export default function Revisions() {
  const { t } = useTexts()
  const { address } = useSession()
  return (
    <>
      <h1>{t('revise.inbox')}</h1>
      <p className="lead">{t('revise.lead')}</p>
      <Gate>{address && <All address={address} />}</Gate>
    </>
  )
}

function All({ address }: { address: string }) {
  const { t } = useTexts()
  useLive('/v1/live/me', [revisionsKey(address)])
  return (
    <Pages query={useInfiniteQuery(revisionsQuery(address))}>
      {(items) =>
        items.length === 0 ? (
          <Empty title={t('revise.none')}>
            <p>{t('revise.none_hint')}</p>
          </Empty>
        ) : (
          <ul className="list">
            {items.map((item) => (
              <Row key={item.revision_id} item={item} />
            ))}
          </ul>
        )
      }
    </Pages>
  )
}

function Row({ item }: { item: Schemas['OwnRevisionView'] }) {
  const { t } = useTexts()
  return (
    <li className="item">
      <div>
        <h2 className="row-title">
          <Link to="/revisions/$revisionId" params={{ revisionId: item.revision_id }} dir="auto">
            {item.title}
          </Link>
        </h2>
        <p className="excerpt" dir="auto">
          {item.reason}
        </p>
        <p className="fine">
          {t(`revise.own.${item.state}`)}
          {item.state === 'open' && item.review_ends_at !== null && (
            <>
              {' · '}
              {t('revise.until')} <When at={item.review_ends_at} />
            </>
          )}
        </p>
      </div>
    </li>
  )
}
