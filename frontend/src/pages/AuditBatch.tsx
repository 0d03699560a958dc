// One batch for an auditor: what the chain says of it, event by event, each with its transaction.
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import type { Schemas } from '../api/client'
import { eventsQuery } from '../audit/queries'
import { Transaction, When } from '../parts/chain'
import { Pages } from '../parts/Pages'
import { Shown } from '../parts/states'
import { Table } from '../parts/Table'
import { useTexts } from '../texts'
import { batchQuery } from '../work/queries'

export default function AuditBatch() {
  const { t } = useTexts()
  const { batchId } = useParams({ from: '/audit/$batchId' })
  return (
    <>
      <p className="eyebrow">
        <Link to="/audit">{t('audit.title')}</Link>
      </p>
      <Shown query={useQuery(batchQuery(batchId))}>
        {(batch) => (
          <>
            <h1 dir="auto">{batch.title ?? t('batch.untitled')}</h1>
            <p>
              <code className="whole" dir="ltr">
                {batch.batch_id}
              </code>
            </p>
            <Events batchId={batchId} />
          </>
        )}
      </Shown>
    </>
  )
}

function Events({ batchId }: { batchId: string }) {
  const { t } = useTexts()
  return (
    <section>
      <h2>{t('audit.events')}</h2>
      <Pages query={useInfiniteQuery(eventsQuery(batchId))}>
        {(items) => (
          <Table
            label={t('audit.events')}
            head={[t('table.when'), t('audit.event'), t('audit.block'), t('table.transaction')]}
          >
            {items.map((event) => (
              <Event key={`${event.block_number}-${event.log_index}`} event={event} />
            ))}
          </Table>
        )}
      </Pages>
    </section>
  )
}

function Event({ event }: { event: Schemas['EventView'] }) {
  const { number } = useTexts()
  return (
    <tr>
      <td>
        <When at={event.block_timestamp} />
      </td>
      <td>
        <code dir="ltr">{event.name}</code>
      </td>
      <td>{number(event.block_number)}</td>
      <td>
        <Transaction hash={event.transaction_hash} />
      </td>
    </tr>
  )
}
