// Ending a batch: stop giving out work, and take back what nobody can earn any more.
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { api, data, type Schemas } from '../api/client'
import { useCall } from '../chain/calls'
import { useSession } from '../chain/session'
import { CallSteps, Words } from '../parts/CallSteps'
import { Money } from '../parts/chain'
import { useTexts } from '../texts'
import { accountQuery } from '../work/queries'
import { ofEscrow } from './fund'

export function Ending({ batch }: { batch: Schemas['BatchView'] }) {
  const { t, money } = useTexts()
  const { chain } = useSession()
  const call = useCall()
  const account = useQuery(accountQuery(batch.requester))
  const cost = BigInt(batch.reward_units) + BigInt(String(batch.terms['operatorFee'] ?? '0'))
  const free = cost * BigInt(batch.free)
  const params = { path: { batch_id: batch.batch_id } }
  const end = (isClosing: boolean) =>
    void call.run(async (wallet) => {
      const drafted = await wallet.patient(() =>
        isClosing
          ? data(api.POST('/v1/batches/{batch_id}/close/draft', { params }))
          : data(api.POST('/v1/batches/{batch_id}/refund/draft', { params })),
      )
      return wallet.send(ofEscrow(drafted.transaction, chain))
    })
  const owed = BigInt(account.data?.owed_units ?? '0')
  return (
    <section className="card">
      <h2>{t('ending.title')}</h2>
      {batch.status === 'open' && (
        <>
          <p>{t('ending.open', { amount: money(free, chain.token) })}</p>
          <button type="button" disabled={call.busy} onClick={() => end(true)}>
            {t('ending.close')}
          </button>
          <Words>{t('ending.close_words', { amount: money(free, chain.token) })}</Words>
        </>
      )}
      {batch.status === 'ended' && batch.free > 0 && (
        <>
          <p>{t('ending.over', { amount: money(free, chain.token) })}</p>
          <button type="button" className="primary" disabled={call.busy} onClick={() => end(false)}>
            {t('ending.refund')}
          </button>
          <Words>{t('ending.refund_words', { amount: money(free, chain.token) })}</Words>
        </>
      )}
      {batch.status === 'ended' && batch.free === 0 && <p>{t('ending.nothing_free')}</p>}
      <CallSteps call={call} />
      {owed > 0n && (
        <p className="notice good">
          {t('ending.in_account')} <Money units={owed} />. <Link to="/earnings">{t('ending.take_out')}</Link>
        </p>
      )}
    </section>
  )
}
