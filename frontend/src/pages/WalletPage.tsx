// The wallet: who one is, test money, the test wallet's key, and the way out.
import { useState } from 'react'
import { useConnection } from 'wagmi'
import { BURNER, burnerKey } from '../chain/burner'
import { useSession } from '../chain/session'
import { Faucet } from '../parts/Faucet'
import { Gate } from '../parts/SignIn'
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
        <Faucet />
        {connector?.id === BURNER && <Key />}
      </Gate>
    </>
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
