// Where a worker begins: the next task, and all others.
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import type { Schemas } from '../api/client'
import { useLive } from '../api/live'
import { useSession } from '../chain/session'
import { Hourly, Money } from '../parts/chain'
import { Record } from '../parts/Record'
import { SignIn } from '../parts/SignIn'
import { Empty, Shown } from '../parts/states'
import { useTexts } from '../texts'
import { wholeHundredths } from '../texts/amounts'
import en from '../texts/en.json'
import type { Key } from '../texts/plural'
import { nextWorkQuery, openBatches } from '../work/queries'
import { TakeTasks } from '../work/TakeTasks'

type Batch = Schemas['BatchItem']

export default function Home() {
  const { t } = useTexts()
  const { address } = useSession()
  const batches = useQuery(openBatches)
  const [words, setWords] = useState('')
  return (
    <>
      {!address && (
        <header className="hero">
          <h1>{t('home.hero')}</h1>
          <p className="lead">{t('home.lead')}</p>
          <div className="ways">
            <SignIn />
            <ol className="how">
              <li>{t('home.how_take')}</li>
              <li>{t('home.how_answer')}</li>
              <li>{t('home.how_paid')}</li>
            </ol>
          </div>
        </header>
      )}
      {address && <h1>{t('home.title')}</h1>}
      <Shown query={batches}>
        {({ items }) => {
          const mine = items.filter((batch) => batch.requester !== address)
          if (mine.length === 0)
            return (
              <Empty title={t('home.none')}>
                <p>{t('home.none_hint')}</p>
              </Empty>
            )
          const found = mine.filter((batch) => matches(batch, words))
          return (
            <>
              {address && <Next address={address} />}
              <section aria-labelledby="open-title">
                <div className="row spread">
                  <h2 id="open-title">{t('home.open', { count: mine.length })}</h2>
                  <label className="search">
                    <span className="visually-hidden">{t('home.search')}</span>
                    <input
                      type="search"
                      placeholder={t('home.search')}
                      value={words}
                      onChange={(event) => setWords(event.target.value)}
                    />
                  </label>
                </div>
                {found.length === 0 && <p>{t('home.no_match')}</p>}
                <ul className="list">
                  {found.map((batch) => (
                    <BatchRow key={batch.batch_id} batch={batch} address={address} />
                  ))}
                </ul>
              </section>
            </>
          )
        }}
      </Shown>
    </>
  )
}

/** The best work for this worker, and why it is. */
function Next({ address }: { address: string }) {
  const { t, money } = useTexts()
  const { chain } = useSession()
  useLive(`/v1/live/workers/${address}`, [['next', address]])
  return (
    <Shown query={useQuery(nextWorkQuery(address))}>
      {([best]) => {
        if (!best) return <p className="notice">{t('why.none')}</p>
        const amount = money(wholeHundredths(best.pay_per_hour_units, chain.token.decimals), chain.token)
        const pay = t(best.basis === 'measured' ? 'why.pay_measured' : 'why.pay_stated', { amount })
        const others = best.reasons.filter(({ code }) => code !== 'pay')
        const why = [pay, ...others.map(({ code, text }) => (`why.${code}` in en ? t(`why.${code}` as Key) : text))]
        return <TakeTasks batchId={best.batch_id} title={t('home.next')} why={why} />
      }}
    </Shown>
  )
}

function BatchRow({ batch, address }: { batch: Batch; address: string | null }) {
  const { t } = useTexts()
  const { data: fitting } = useQuery({ ...nextWorkQuery(address ?? ''), enabled: address !== null })
  const fits = fitting?.find(({ batch_id }) => batch_id === batch.batch_id)
  const hourly = fits?.pay_per_hour_units ?? batch.pay_per_hour_units
  return (
    <li className="item">
      <div>
        <h3>
          <Link to="/tasks/$batchId" params={{ batchId: batch.batch_id }} dir="auto">
            {batch.title ?? t('batch.untitled')}
          </Link>
        </h3>
        <p className="fine">
          {t('home.left', { count: batch.free })} · <Record of={batch.requester} />
          {batch.skills.map((skill) => (
            <span key={skill} className="tag" dir="auto">
              {skill}
            </span>
          ))}
        </p>
      </div>
      <p className="pay">
        <Money units={batch.reward_units} big />
        <span className="fine">{t('home.per_task')}</span>
        {hourly !== null && (
          <span className="fine">
            <Hourly units={hourly} /> {t('why.an_hour')}
          </span>
        )}
      </p>
    </li>
  )
}

function matches(batch: Batch, words: string): boolean {
  const text = `${batch.title ?? ''} ${batch.skills.join(' ')} ${batch.task_type ?? ''}`.toLowerCase()
  return words
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word))
}
