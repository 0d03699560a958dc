// What requesters gave beside the pay, and for what.
import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Money, Transaction, When } from '../parts/chain'
import { Pages } from '../parts/Pages'
import { useTexts } from '../texts'
import { bonusesQuery } from '../work/queries'

/** Nothing at all for who was never given one. */
export function Bonuses({ address }: { address: string }) {
  const { t } = useTexts()
  const query = useInfiniteQuery(bonusesQuery(address))
  if (!query.data?.pages[0]?.items.length) return null
  return (
    <section>
      <h2>{t('earnings.bonuses')}</h2>
      <p className="fine">{t('earnings.bonuses_note')}</p>
      <Pages query={query}>
        {(items) => (
          <ul className="list">
            {items.map((item) => (
              <li key={`${item.block_number}-${item.log_index}`} className="item">
                <div>
                  <p>
                    <Money units={item.amount_units} /> <When at={item.block_timestamp} />{' '}
                    <Link to="/tasks/$batchId" params={{ batchId: item.batch_id }} dir="auto">
                      {item.title ?? t('batch.untitled')}
                    </Link>
                  </p>
                  {item.reason === null ? (
                    <p className="fine">{t('earnings.no_reason')}</p>
                  ) : (
                    <p>
                      <q dir="auto">{item.reason}</q>
                    </p>
                  )}
                </div>
                <Transaction hash={item.transaction_hash} />
              </li>
            ))}
          </ul>
        )}
      </Pages>
    </section>
  )
}
