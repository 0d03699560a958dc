// The wallet: who one is, test money, the test wallet's key, and the way out.
import { useState } from 'react'
import { useConnection } from 'wagmi'
import { api, data, units } from '../api/client'
import { BURNER, burnerKey } from '../chain/burner'
import { useCall } from '../chain/calls'
import { useSession } from '../chain/session'
import { CallSteps } from '../parts/CallSteps'
import { Gate } from '../parts/SignIn'
import { useTexts } from '../texts'

const GIFT_WHOLE_TOKENS = 100n

export default function WalletPage() {
  const { t } = useTexts()
  const { address, signOut } = useSession()
  const { connector } = useConnection()
  return (
    <>
      <h1>{t('wallet.title')}</h1>
      <Gate>
        <section className="card">
          <h2>{t('wallet.you')}</h2>
          <p>
            <code className="whole" dir="ltr">
              {address}
            </code>
          </p>
          <button type="button" onClick={() => void signOut()}>
            {t('wallet.sign_out')}
          </button>
        </section>
        <Faucet />
        {connector?.id === BURNER && <Key />}
      </Gate>
    </>
  )
}

function Faucet() {
  const { t, money } = useTexts()
  const { chain, address } = useSession()
  const call = useCall()
  if (!chain.development || !address) return null
  const gift = GIFT_WHOLE_TOKENS * 10n ** BigInt(chain.token.decimals)
  const ask = () =>
    void call.run(async (wallet) => {
      const body = { address, amount_units: units(gift), native: true }
      const { intent_ids } = await data(api.POST('/v1/faucet', { body }))
      let last: string | null = null
      for (const id of intent_ids) last = await wallet.follow(id)
      return last
    })
  return (
    <section className="card">
      <h2>{t('faucet.title')}</h2>
      <p>{t('faucet.lead')}</p>
      <button type="button" disabled={call.busy} onClick={ask}>
        {t('faucet.ask', { amount: money(gift, chain.token) })}
      </button>
      <CallSteps call={call} />
    </section>
  )
}

function Key() {
  const { t } = useTexts()
  const [shown, setShown] = useState(false)
  return (
    <section className="card">
      <h2>{t('wallet.key_title')}</h2>
      <p className="notice warn">{t('signin.test_warning')}</p>
      <button type="button" aria-expanded={shown} onClick={() => setShown(!shown)}>
        {shown ? t('wallet.hide_key') : t('wallet.show_key')}
      </button>
      {shown && (
        <p>
          <code className="whole" dir="ltr">
            {burnerKey()}
          </code>
        </p>
      )}
    </section>
  )
}
