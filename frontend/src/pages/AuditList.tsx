// Where an auditor begins: every batch on chain, to search and to open. Nobody needs to sign in.
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { isAddress } from 'viem'
import type { Schemas } from '../api/client'
import { EscrowMoney, WorkMoney } from '../audit/MoneyTable'
import { batchesQuery, totalsQuery } from '../audit/queries'
import { Verify } from '../audit/Verify'
import { batchSearch, STATUSES, type Status, type Wanted } from '../audit/wanted'
import { Address, Money, When } from '../parts/chain'
import { Pages } from '../parts/Pages'
import { Empty, Shown } from '../parts/states'
import { useTexts } from '../texts'

const TYPING_MILLISECONDS = 300

export default function AuditList() {
  const { t } = useTexts()
  return (
    <>
      <h1>{t('audit.title')}</h1>
      <p className="lead">{t('audit.lead')}</p>
      <Whole />
      <Batches />
    </>
  )
}

function Whole() {
  return (
    <>
      <Shown query={useQuery(totalsQuery)}>
        {(totals) => (
          <div className="figures">
            <EscrowMoney totals={totals} />
            <WorkMoney money={totals.money} />
          </div>
        )}
      </Shown>
      <Verify />
    </>
  )
}

function Batches() {
  const { t } = useTexts()
  const search = useSearch({ from: '/audit' })
  const wanted: Wanted = { q: '', status: 'all', requester: '', taskType: '', ...search }
  return (
    <section aria-labelledby="batches-title">
      <div className="row spread">
        <h2 id="batches-title">{t('audit.batches')}</h2>
        <a href="/v1/audit/events.csv" download>
          {t('audit.csv')}
        </a>
      </div>
      <Filters key={search.requester ?? ''} wanted={wanted} />
      <Pages query={useInfiniteQuery(batchesQuery(wanted))}>
        {(items) =>
          items.length === 0 ? (
            <Empty title={t('audit.none')}>
              <p>{t('audit.none_hint')}</p>
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
    </section>
  )
}

function Filters({ wanted }: { wanted: Wanted }) {
  const { t } = useTexts()
  const navigate = useNavigate({ from: '/audit' })
  const [words, setWords] = useState(wanted.q)
  const [requester, setRequester] = useState(wanted.requester)
  const wrong = requester !== '' && !isAddress(requester, { strict: false })
  useEffect(() => {
    const later = setTimeout(() => {
      // Who is on the way to another page, whose code may still be loading, is not called back.
      if (location.pathname !== '/audit') return
      const next = { q: words.trim(), requester: wrong ? wanted.requester : requester.trim() }
      if (next.q !== wanted.q || next.requester !== wanted.requester)
        void navigate({ search: (before) => batchSearch({ ...before, ...next }), replace: true })
    }, TYPING_MILLISECONDS)
    return () => clearTimeout(later)
  }, [words, requester, wrong, wanted.q, wanted.requester, navigate])
  return (
    <search className="row filters">
      <label>
        <span className="fine">{t('audit.words')}</span>
        <input type="search" value={words} onChange={(event) => setWords(event.target.value)} />
      </label>
      <label>
        <span className="fine">{t('audit.requester')}</span>
        <input
          type="text"
          dir="ltr"
          spellCheck={false}
          autoComplete="off"
          aria-invalid={wrong}
          aria-describedby={wrong ? 'requester-wrong' : undefined}
          value={requester}
          onChange={(event) => setRequester(event.target.value.trim())}
        />
      </label>
      <label>
        <span className="fine">{t('audit.status')}</span>
        <select
          value={wanted.status}
          onChange={(event) => {
            const status = event.target.value as Status
            void navigate({ search: (before) => batchSearch({ ...before, status }), replace: true })
          }}
        >
          {STATUSES.map((status) => (
            <option key={status} value={status}>
              {t(`audit.status.${status}`)}
            </option>
          ))}
        </select>
      </label>
      {wrong && (
        <p id="requester-wrong" className="steps bad" role="alert">
          {t('audit.requester_wrong')}
        </p>
      )}
    </search>
  )
}

function Row({ batch }: { batch: Schemas['BatchItem'] }) {
  const { t } = useTexts()
  const open = batch.assignments - batch.accepted - batch.refunded
  return (
    <li className="item">
      <div>
        <h3>
          <Link to="/audit/$batchId" params={{ batchId: batch.batch_id }} dir="auto">
            {batch.title ?? t('batch.untitled')}
          </Link>
        </h3>
        <p className="fine">
          <Address of={batch.requester} /> · <When at={batch.opened_at} /> ·{' '}
          {t('audit.accepted_of', { count: batch.assignments, accepted: batch.accepted })}
          {open > 0 && <> · {t('audit.still_open', { count: open })}</>}
        </p>
      </div>
      <p className="pay">
        <Money units={BigInt(batch.reward_units) * BigInt(batch.accepted)} big />
        <span className="fine">{t('audit.accepted_worth')}</span>
      </p>
    </li>
  )
}
