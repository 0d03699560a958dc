// Who worked on a batch, how well and for what money, with the way to each one's bonus, messages and rating.
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import type { Schemas } from '../api/client'
import { Address, Money } from '../parts/chain'
import { Pages } from '../parts/Pages'
import { Failed } from '../parts/states'
import { Table } from '../parts/Table'
import { threadsQuery } from '../talk/queries'
import { useTexts } from '../texts'
import { AddToList } from './AddToList'
import { GiveBonus } from './GiveBonus'
import { batchWorkers, reportQuery } from './queries'

type Paid = Schemas['BatchWorker']
type Judged = Schemas['WorkerRow']

export function People({ batch, address }: { batch: Schemas['BatchView']; address: string }) {
  const { t } = useTexts()
  const isEarly = batch.submitted + batch.accepted + batch.contestable + batch.disputed === 0
  const report = useQuery({ ...reportQuery(batch.batch_id), enabled: !isEarly })
  const workers = useInfiniteQuery(batchWorkers(batch.batch_id))
  const judged = report.data?.people ?? []
  return (
    <section>
      <h2>{t('people.title')}</h2>
      <Pages query={workers}>
        {(paid: Paid[]) =>
          paid.length === 0 ? (
            <p className="fine">{t('people.none')}</p>
          ) : (
            <Rows paid={paid} judged={judged} batch={batch} address={address} />
          )
        }
      </Pages>
      {report.isError && <Failed error={report.error} again={() => void report.refetch()} />}
    </section>
  )
}

type RowsProps = { paid: Paid[]; judged: Judged[]; batch: Schemas['BatchView']; address: string }

function Rows({ paid, judged, batch, address }: RowsProps) {
  const { t } = useTexts()
  const batchId = batch.batch_id
  const { data } = useInfiniteQuery(threadsQuery(address))
  const threads = data?.pages.flatMap((page) => page.items).filter(({ batch_id }) => batch_id === batchId) ?? []
  const [chosen, setChosen] = useState<string[]>([])
  const [rewarded, setRewarded] = useState<string | null>(null)
  const head = [
    t('review.worker'),
    t('people.answers'),
    t('review.accepted'),
    t('review.rejected'),
    t('people.right'),
    t('people.pay'),
    t('people.bonus'),
    t('nav.messages'),
  ]
  const best = bestOf(judged)
  return (
    <>
      <Table label={t('people.title')} head={head}>
        {paid.map((row) => (
          <Row
            key={row.worker}
            paid={row}
            judged={judged.find(({ worker }) => worker === row.worker)}
            batchId={batchId}
            unread={threads.find(({ worker }) => worker === row.worker)?.unread ?? 0}
            isChosen={chosen.includes(row.worker)}
            onChoose={(on) => setChosen(on ? [...chosen, row.worker] : chosen.filter((each) => each !== row.worker))}
            isRewarded={rewarded === row.worker}
            onReward={() => setRewarded(row.worker)}
          />
        ))}
      </Table>
      {rewarded && <GiveBonus key={rewarded} batch={batch} worker={rewarded} onCancel={() => setRewarded(null)} />}
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
function bestOf(people: Judged[]): Judged[] {
  const shares = people.map(rightOf).filter((share) => share !== null)
  const mean = shares.reduce((sum, share) => sum + share, 0) / Math.max(1, shares.length)
  return people.filter((row) => !row.rejected && (row.accepted ?? 0) > 0 && (rightOf(row) ?? mean) >= mean)
}

/** The share of a worker's answers that are probably right, or like what was found. */
function rightOf(row: Judged): number | null {
  return row.accuracy ?? row.agreement?.value ?? null
}

type RowProps = {
  paid: Paid
  /** What is known of the answers; nothing before the first is handed in. */
  judged: Judged | undefined
  batchId: string
  unread: number
  isChosen: boolean
  onChoose: (on: boolean) => void
  isRewarded: boolean
  onReward: () => void
}

function Row({ paid, judged, batchId, unread, isChosen, onChoose, isRewarded, onReward }: RowProps) {
  const { t, number, percent } = useTexts()
  const { worker } = paid
  const right = judged ? rightOf(judged) : null
  const count = (found: number | null | undefined) => (judged ? number(found ?? 0) : '–')
  return (
    <tr>
      <td className="who">
        <input
          type="checkbox"
          aria-label={t('pools.choose_one', { address: worker })}
          checked={isChosen}
          onChange={(event) => onChoose(event.target.checked)}
        />{' '}
        <Link to="/audit/accounts/$address" params={{ address: worker }}>
          <Address of={worker} />
        </Link>
      </td>
      <td>{count(judged?.answers)}</td>
      <td>{count(judged?.accepted)}</td>
      <td>{count(judged?.rejected)}</td>
      <td>{right === null ? '–' : percent(right)}</td>
      <td>
        <Money units={paid.paid_units} />
      </td>
      <td>
        {BigInt(paid.bonus_units) > 0n && <Money units={paid.bonus_units} />}{' '}
        <button
          type="button"
          className="small"
          aria-pressed={isRewarded}
          aria-label={t('bonus.give_to', { worker })}
          onClick={onReward}
        >
          {t('bonus.give')}
        </button>
      </td>
      <td>
        <Link to="/messages/$batchId/$worker" params={{ batchId, worker }}>
          {t('people.talk')}
        </Link>
        {unread > 0 && <span className="tag">{t('messages.new', { count: unread })}</span>}
      </td>
    </tr>
  )
}
