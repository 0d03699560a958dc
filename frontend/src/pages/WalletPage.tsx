// The wallet: who one is, what one holds, test money, the test wallet's key, and the way out.
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { formatUnits } from 'viem'
import { useConfig, useConnection } from 'wagmi'
import { balancesOf } from '../chain/balances'
import { BURNER, burnerKey } from '../chain/burner'
import { useSession } from '../chain/session'
import { Money } from '../parts/chain'
import { Faucet } from '../parts/Faucet'
import { Gate } from '../parts/SignIn'
import { Shown } from '../parts/states'
import { useTexts } from '../texts'

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
        {address && <Balances address={address} />}
        <Faucet />
        {connector?.id === BURNER && <Key />}
      </Gate>
    </>
  )
}

/** So many signs of a coin's amount are shown. */
const COIN_SIGNS = 10

function Balances({ address }: { address: string }) {
  const { t } = useTexts()
  const { chain } = useSession()
  const config = useConfig()
  const balances = useQuery({
    queryKey: ['balances', address],
    queryFn: () => balancesOf(config, chain, address),
  })
  return (
    <section className="card">
      <h2>{t('wallet.holds')}</h2>
      <Shown query={balances}>
        {({ token, coin }) => (
          <dl className="named">
            <dt>{t('wallet.money')}</dt>
            <dd>
              <Money units={token} />
            </dd>
            <dt>{t('wallet.coin')}</dt>
            <dd className="money">{formatUnits(coin, 18).slice(0, COIN_SIGNS)}</dd>
          </dl>
        )}
      </Shown>
      <p className="fine">{t('wallet.holds_hint')}</p>
      <p>
        <Link to="/earnings">{t('wallet.to_earnings')}</Link>
      </p>
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
