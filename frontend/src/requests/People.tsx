// Who worked on a batch and how well, with the way to each one's messages and rating.
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import type { Schemas } from '../api/client'
import { Address } from '../parts/chain'
import { Shown } from '../parts/states'
import { Table } from '../parts/Table'
import { threadsQuery } from '../talk/queries'
import { useTexts } from '../texts'
import { AddToList } from './AddToList'
import { reportQuery } from './queries'

type Worker = Schemas['WorkerRow']

export function People({ batch, address }: { batch: Schemas['BatchView']; address: string }) {
  const { t } = useTexts()
  const isEarly = batch.submitted + batch.accepted + batch.contestable + batch.disputed === 0
  const query = useQuery({ ...reportQuery(batch.batch_id), enabled: !isEarly })
  return (
    <section>
      <h2>{t('people.title')}</h2>
      {isEarly ? (
        <p className="fine">{t('people.none')}</p>
      ) : (
        <Shown query={query}>
          {({ people }) => <Rows people={people} batchId={batch.batch_id} address={address} />}
        </Shown>
      )}
    </section>
  )
}

function Rows({ people, batchId, address }: { people: Worker[]; batchId: string; address: string }) {
  const { t } = useTexts()
  const { data } = useInfiniteQuery(threadsQuery(address))
  const threads = data?.pages.flatMap((page) => page.items).filter(({ batch_id }) => batch_id === batchId) ?? []
  const [chosen, setChosen] = useState<string[]>([])
  const head = [
    t('review.worker'),
    t('people.answers'),
    t('review.accepted'),
    t('review.rejected'),
    t('people.right'),
    t('people.talk'),
  ]
  const best = bestOf(people)
  return (
    <>
      <Table label={t('people.title')} head={head}>
        {people.map((row) => (
          <Row
            key={row.worker}
            row={row}
            batchId={batchId}
            unread={threads.find(({ worker }) => worker === row.worker)?.unread ?? 0}
            isChosen={chosen.includes(row.worker)}
            onChoose={(on) => setChosen(on ? [...chosen, row.worker] : chosen.filter((each) => each !== row.worker))}
          />
        ))}
      </Table>
      <div className="row adding">
        <button type="button" disabled={best.length === 0} onClick={() => setChosen(best.map(({ worker }) => worker))}>
          {t('pools.best')}
        </button>
        <AddToList owner={address} chosen={chosen} onAdded={() => setChosen([])} />
      </div>
      <p className="fine">{t('pools.best_means')}</p>
    </>
  )
}

/** Accepted and never rejected, and right as often as all in the mean. */
function bestOf(people: Worker[]): Worker[] {
  const shares = people.map(rightOf).filter((share) => share !== null)
  const mean = shares.reduce((sum, share) => sum + share, 0) / Math.max(1, shares.length)
  return people.filter((row) => !row.rejected && (row.accepted ?? 0) > 0 && (rightOf(row) ?? mean) >= mean)
}

/** The share of a worker's answers that are probably right, or like what was found. */
function rightOf(row: Worker): number | null {
  return row.accuracy ?? row.agreement?.value ?? null
}

type RowProps = { row: Worker; batchId: string; unread: number; isChosen: boolean; onChoose: (on: boolean) => void }

function Row({ row, batchId, unread, isChosen, onChoose }: RowProps) {
  const { t, number, percent } = useTexts()
  const right = rightOf(row)
  return (
    <tr>
      <td>
        <input
          type="checkbox"
          aria-label={t('pools.choose_one', { address: row.worker })}
          checked={isChosen}
          onChange={(event) => onChoose(event.target.checked)}
        />{' '}
        <Link to="/audit/accounts/$address" params={{ address: row.worker }}>
          <Address of={row.worker} />
        </Link>
      </td>
      <td>{number(row.answers)}</td>
      <td>{number(row.accepted ?? 0)}</td>
      <td>{number(row.rejected ?? 0)}</td>
      <td>{right === null ? '–' : percent(right)}</td>
      <td>
        <Link to="/messages/$batchId/$worker" params={{ batchId, worker: row.worker }}>
          {t('people.talk')}
        </Link>
        {unread > 0 && <span className="tag">{t('messages.new', { count: unread })}</span>}
      </td>
    </tr>
  )
}
