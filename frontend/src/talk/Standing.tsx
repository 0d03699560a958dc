// What people say of an address after paid work, and beside it what the chain says.
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { Schemas } from '../api/client'
import { Address, When } from '../parts/chain'
import { Pages } from '../parts/Pages'
import { Shown } from '../parts/states'
import { useTexts } from '../texts'
import type { Key } from '../texts/plural'
import { requesterQuery } from '../work/queries'
import { ratingsQuery } from './queries'
import { Stars } from './Stars'

type Props = {
  of: string
  /** As which it is looked at: the chain's record of that role stands beside. Without it every rating is listed alone. */
  as?: 'worker' | 'requester'
}

export function Standing({ of, as }: Props) {
  const { t } = useTexts()
  const query = useInfiniteQuery(ratingsQuery(of))
  return (
    <section className="standings">
      <h2>{t('rating.title')}</h2>
      <Pages query={query}>
        {(items) => {
          const page = query.data?.pages[0]
          return (
            <>
              <div className="figures">
                {page && <Mean page={page} />}
                {as && <OnChain of={of} as={as} />}
              </div>
              {!as && items.length > 0 && (
                <ul className="list">
                  {items.map((item) => (
                    <Said key={`${item.batch_id} ${item.rater}`} item={item} />
                  ))}
                </ul>
              )}
            </>
          )
        }}
      </Pages>
    </section>
  )
}

function Mean({ page }: { page: Schemas['RatingPage'] }) {
  const { t, number } = useTexts()
  const { mean_hundredths, count } = page
  return (
    <div className="card">
      <p className="standing">
        {mean_hundredths === null ? (
          t('rating.none')
        ) : (
          <>
            <Stars count={Math.round(mean_hundredths / 100)} />{' '}
            {t('rating.mean', { stars: number(mean_hundredths / 100) })}{' '}
            <span className="fine">{t('rating.count', { count })}</span>
          </>
        )}
      </p>
      <p className="fine">{t('rating.note')}</p>
    </div>
  )
}

function OnChain({ of, as }: { of: string; as: 'worker' | 'requester' }) {
  const { t, number } = useTexts()
  return (
    <div className="card sum">
      <h3>{t('rating.beside')}</h3>
      <Shown query={useQuery(requesterQuery(of))}>
        {(found) => (
          <dl>
            {rowsOf(found, as).map(([key, count]) => (
              <div key={key}>
                <dt>{t(key)}</dt>
                <dd>{number(count)}</dd>
              </div>
            ))}
          </dl>
        )}
      </Shown>
    </div>
  )
}

function rowsOf(found: Schemas['AccountView'], as: 'worker' | 'requester'): [Key, number][] {
  if (as === 'worker')
    return [
      ['audit.record.accepted', found.accepted],
      ['audit.record.rejected', found.rejected],
      ['audit.record.contested', found.contested],
      ['audit.record.won', found.disputes_won],
      ['audit.record.lost', found.disputes_lost],
    ]
  const asked = found.as_requester
  return [
    ['audit.record.funded', asked.funded],
    ['audit.record.accepted', asked.accepted],
    ['audit.record.rejected', asked.rejected],
    ['audit.record.overturned', asked.overturned],
  ]
}

function Said({ item }: { item: Schemas['RatingView'] }) {
  const { t } = useTexts()
  return (
    <li className="item">
      <div>
        <p>
          <Stars count={item.stars} /> {t(item.role === 'worker' ? 'rating.as_worker' : 'rating.as_requester')} ·{' '}
          <When at={Math.floor(item.updated_at)} />
        </p>
        {item.text && (
          <p className="said" dir="auto">
            {item.text}
          </p>
        )}
        <p className="fine">
          {t('review.by')}{' '}
          <Link to="/audit/accounts/$address" params={{ address: item.rater }}>
            <Address of={item.rater} />
          </Link>{' '}
          · {t('rating.paid', { count: item.paid_assignments })}{' '}
          <Link to="/audit/$batchId" params={{ batchId: item.batch_id }}>
            {t('audit.id')}
          </Link>
        </p>
      </div>
    </li>
  )
}
