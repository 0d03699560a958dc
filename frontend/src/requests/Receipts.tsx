// What the chain says of the batch, each line with its transaction; the whole list as a file.
import { useInfiniteQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { api, data, type Schemas } from '../api/client'
import { eventsQuery } from '../audit/queries'
import { Transaction, When } from '../parts/chain'
import { download } from '../parts/download'
import { Pages } from '../parts/Pages'
import { Failed } from '../parts/states'
import { Table } from '../parts/Table'
import { useTexts } from '../texts'
import en from '../texts/en.json'
import type { Key } from '../texts/plural'
import { writeCsv } from './table/csv'

type Event = Schemas['EventView']
const PAGE = 100

/** `owner`: whose receipts of everything can be taken along too. */
export function Receipts({ batchId, owner }: { batchId: string; owner: string }) {
  const { t, number } = useTexts()
  const [failed, setFailed] = useState<unknown>(null)
  const head = [t('audit.event'), t('table.when'), t('audit.block'), t('table.transaction')]
  const save = () => {
    setFailed(null)
    allEvents(batchId).then((events) => download(`receipts-${batchId.slice(2, 10)}.csv`, csvOf(events)), setFailed)
  }
  return (
    <section>
      <div className="row spread">
        <h2>{t('receipts.title')}</h2>
        <div className="row">
          <a href={`/v1/accounts/${owner}/receipts.csv`} download>
            {t('receipts.all')}
          </a>
          <button type="button" className="small" onClick={save}>
            {t('receipts.save')}
          </button>
        </div>
      </div>
      {failed !== null && <Failed error={failed} />}
      <Pages query={useInfiniteQuery(eventsQuery({ batch_id: batchId, name: [] }))}>
        {(items) => (
          <Table label={t('receipts.title')} head={head}>
            {items.map((item) => (
              <tr key={`${item.block_number}-${item.log_index}`}>
                <td>
                  {`event.${item.name}` in en && <div>{t(`event.${item.name}` as Key)}</div>}
                  <code className="fine" dir="ltr">
                    {item.name}
                  </code>
                </td>
                <td>
                  <When at={item.block_timestamp} />
                </td>
                <td>{number(item.block_number)}</td>
                <td>
                  <Transaction hash={item.transaction_hash} />
                </td>
              </tr>
            ))}
          </Table>
        )}
      </Pages>
    </section>
  )
}

async function allEvents(batchId: string): Promise<Event[]> {
  const found: Event[] = []
  let cursor: string | null = null
  do {
    const query: { limit: number; cursor?: string } = { limit: PAGE, ...(cursor ? { cursor } : {}) }
    const params = { path: { batch_id: batchId }, query }
    const page: Schemas['EventPage'] = await data(api.GET('/v1/batches/{batch_id}/events', { params }))
    found.push(...page.items)
    cursor = page.next_cursor
  } while (cursor)
  return found
}

function csvOf(events: Event[]): Blob {
  const rows = events.map((event) => [
    event.name,
    new Date(event.block_timestamp * 1000).toISOString(),
    String(event.block_number),
    String(event.log_index),
    event.transaction_hash,
    JSON.stringify(event.args),
  ])
  const head = ['event', 'time', 'block_number', 'log_index', 'transaction_hash', 'args']
  return new Blob([writeCsv(head, rows)], { type: 'text/csv' })
}
