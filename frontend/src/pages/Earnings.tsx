// What was earned: on the way, there to take, and taken.
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { api, data, units } from '../api/client'
import { once, useCall } from '../chain/calls'
import { useSession } from '../chain/session'
import { Bonuses } from '../earnings/Bonuses'
import { CallSteps, Words } from '../parts/CallSteps'
import { Money, Transaction, When } from '../parts/chain'
import { Gate } from '../parts/SignIn'
import { Empty, Shown } from '../parts/states'
import { Table } from '../parts/Table'
import { useTexts } from '../texts'
import type { Key } from '../texts/plural'
import { accountQuery, paymentsQuery, withdrawalsQuery } from '../work/queries'

export default function Earnings() {
  const { t } = useTexts()
  const { address } = useSession()
  return (
    <>
      <h1>{t('earnings.title')}</h1>
      <Gate>{address && <Purse address={address} />}</Gate>
    </>
  )
}

function Purse({ address }: { address: string }) {
  const { t } = useTexts()
  const account = useQuery(accountQuery(address))
  return (
    <Shown query={account}>
      {(found) => (
        <>
          <div className="figures">
            <Figure label={t('earnings.pending')} note={t('earnings.pending_note')}>
              <Money units={found.pending_units} big />
              {found.pending_until != null && (
                <p className="fine">
                  {t('earnings.paid_by')} <When at={found.pending_until} />
                </p>
              )}
            </Figure>
            <Figure label={t('earnings.available')} note={t('earnings.available_note')} main>
              <Money units={found.owed_units} big />
              <Withdraw address={address} owed={found.owed_units} />
            </Figure>
            <Figure label={t('earnings.taken')} note={t('earnings.taken_note')}>
              <Money units={found.withdrawn_units} big />
            </Figure>
          </div>
          <p className="fine">
            {t('earnings.record', { accepted: found.accepted, rejected: found.rejected })}{' '}
            {found.rejected > 0 && <Link to="/rejections">{t('nav.rejections')}</Link>}
          </p>
          <Payments address={address} />
          <Bonuses address={address} />
          <Withdrawals address={address} />
          <section className="prose">
            <h2>{t('earnings.cash_title')}</h2>
            <p>{t('earnings.cash')}</p>
            <h2>{t('earnings.key_title')}</h2>
            <p>{t('earnings.key')}</p>
          </section>
        </>
      )}
    </Shown>
  )
}

function Figure(props: { label: string; note: string; main?: boolean; children: ReactNode }) {
  return (
    <section className={props.main ? 'card figure main' : 'card figure'}>
      <h2>{props.label}</h2>
      {props.children}
      <p className="fine">{props.note}</p>
    </section>
  )
}

function Withdraw({ address, owed }: { address: string; owed: string }) {
  const { t, money } = useTexts()
  const { chain } = useSession()
  const call = useCall()
  const withdraw = () =>
    void call.run(async (wallet) => {
      const draft = await wallet.patient(() =>
        data(api.POST('/v1/withdrawals/draft', { body: { amount_units: 'all' } })),
      )
      const { account, to, nonce, deadline, amount_units } = draft
      const expected = { account: address, to: address, amount: amount_units, nonce }
      const signature = await wallet.sign(draft.typed_data, 'Withdraw', expected)
      const body = { account, to, nonce, deadline, amount_units: units(amount_units), signature }
      const sent = { body, headers: once() }
      return wallet.follow((await wallet.patient(() => data(api.POST('/v1/withdrawals', sent)))).intent_id)
    })
  return (
    <>
      {BigInt(owed) > 0n && (
        <>
          <button type="button" className="primary" disabled={call.busy} onClick={withdraw}>
            {t('earnings.withdraw')}
          </button>
          <Words>{t('earnings.withdraw_words', { amount: money(owed, chain.token) })}</Words>
        </>
      )}
      <CallSteps call={call} done={t('earnings.withdrawn')} />
    </>
  )
}

function Payments({ address }: { address: string }) {
  const { t } = useTexts()
  return (
    <section>
      <div className="row spread">
        <h2>{t('earnings.payments')}</h2>
        <a href={`/v1/accounts/${address}/receipts.csv`} download>
          {t('receipts.all')}
        </a>
      </div>
      <Shown query={useQuery(paymentsQuery(address))}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title={t('earnings.no_payments')} />
          ) : (
            <Table
              label={t('earnings.payments')}
              head={[t('table.when'), t('table.amount'), t('table.for'), t('table.transaction')]}
            >
              {items.map((item) => (
                <tr key={`${item.block_number}-${item.log_index}`}>
                  <td>
                    <When at={item.block_timestamp} />
                  </td>
                  <td>
                    <Money units={item.amount_units} />
                  </td>
                  <td>
                    <Link to="/tasks/$batchId" params={{ batchId: item.batch_id }}>
                      {item.assignments > 0 ? t('table.tasks', { count: item.assignments }) : t('reason.bonus')}
                    </Link>{' '}
                    {item.assignments > 0 && <span className="tag">{t(`reason.${item.reason}` as Key)}</span>}
                  </td>
                  <td>
                    <Transaction hash={item.transaction_hash} />
                  </td>
                </tr>
              ))}
            </Table>
          )
        }
      </Shown>
    </section>
  )
}

function Withdrawals({ address }: { address: string }) {
  const { t } = useTexts()
  const { data: found } = useQuery(withdrawalsQuery(address))
  if (!found?.items.length) return null
  return (
    <section>
      <h2>{t('earnings.withdrawals')}</h2>
      <ul className="list">
        {found.items.map((item) => (
          <li key={item.transaction_hash} className="item">
            <Money units={item.amount_units} />
            <When at={item.block_timestamp} />
            <Transaction hash={item.transaction_hash} />
          </li>
        ))}
      </ul>
    </section>
  )
}
