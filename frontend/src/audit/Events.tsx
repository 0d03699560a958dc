// Events of a batch or an account, by kind, each with whom, how much and its transaction; and as a table to take along.
import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import type { Schemas } from '../api/client'
import { Address, Money, Transaction, When } from '../parts/chain'
import { Pages } from '../parts/Pages'
import { Empty } from '../parts/states'
import { Table } from '../parts/Table'
import { useTexts } from '../texts'
import en from '../texts/en.json'
import type { Key } from '../texts/plural'
import { eventsQuery } from './queries'

const KINDS = {
  all: [],
  payments: ['Paid', 'BonusPaid', 'FeePaid', 'FeeReturned', 'Refunded', 'Withdrawn', 'Deposited'],
  rejections: ['Rejected', 'Overturned', 'RejectionReleased', 'VerdictSkipped'],
  appeals: ['Disputed', 'Ruled', 'FeeLocked', 'FeeReleased', 'BondPosted', 'BondReturned'],
  work: ['Claimed', 'ClaimReturned', 'ClaimExpired', 'Submitted', 'Settled', 'PaidOverdue'],
} as const
type Kind = keyof typeof KINDS

export function Events({ batchId, account }: { batchId?: string; account?: string }) {
  const { t } = useTexts()
  const [kind, setKind] = useState<Kind>('all')
  const wanted = { ...(batchId ? { batch_id: batchId } : {}), ...(account ? { account } : {}) }
  const names = [...KINDS[kind]]
  const csv = new URLSearchParams([...Object.entries(wanted), ...names.map((name) => ['name', name])])
  return (
    <section>
      <div className="row spread">
        <h2>{t('audit.events')}</h2>
        <a href={`/v1/audit/events.csv?${csv}`} download>
          {t('audit.csv')}
        </a>
      </div>
      <fieldset className="choices">
        <legend className="visually-hidden">{t('audit.kind')}</legend>
        {(Object.keys(KINDS) as Kind[]).map((name) => (
          <button key={name} type="button" className="small" aria-pressed={kind === name} onClick={() => setKind(name)}>
            {t(`audit.kind.${name}`)}
          </button>
        ))}
      </fieldset>
      <Pages query={useInfiniteQuery(eventsQuery({ ...wanted, name: names }))}>
        {(items) =>
          items.length === 0 ? (
            <Empty title={t('audit.no_events')} />
          ) : (
            <Table
              label={t('audit.events')}
              head={[t('table.when'), t('audit.event'), t('audit.whom'), t('table.amount'), t('table.transaction')]}
            >
              {items.map((event) => (
                <Event key={`${event.block_number}-${event.log_index}`} event={event} />
              ))}
            </Table>
          )
        }
      </Pages>
    </section>
  )
}

function Event({ event }: { event: Schemas['EventView'] }) {
  const { t, number } = useTexts()
  const args = event.args as Record<string, unknown>
  const whom = ['worker', 'account', 'requester', 'receiver', 'poster'].map((name) => args[name]).find(Boolean)
  const count = Number(args['assignments'] ?? args['count'] ?? 0)
  return (
    <tr>
      <td>
        <When at={event.block_timestamp} />
      </td>
      <td>
        {`event.${event.name}` in en && <div>{t(`event.${event.name}` as Key)}</div>}
        <span className="fine">
          <code dir="ltr">{event.name}</code> · {t('audit.block')} {number(event.block_number)}
        </span>
      </td>
      <td>
        {whom !== undefined && (
          <Link to="/audit/accounts/$address" params={{ address: String(whom) }}>
            <Address of={String(whom)} />
          </Link>
        )}
      </td>
      <td>
        {args['amount'] !== undefined && <Money units={String(args['amount'])} />}
        {count > 0 && <div className="fine">{t('audit.answers', { count })}</div>}
      </td>
      <td>
        <Transaction hash={event.transaction_hash} />
      </td>
    </tr>
  )
}
