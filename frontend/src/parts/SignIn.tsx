// The way in: a test wallet on a development chain, or any wallet that the browser offers (EIP-6963).
import type { ReactNode } from 'react'
import { type Connector, useConnectors } from 'wagmi'
import { BURNER } from '../chain/burner'
import { useCall } from '../chain/calls'
import { useSession } from '../chain/session'
import { useTexts } from '../texts'
import { CallSteps } from './CallSteps'

/** Its children for those who are signed in; for others, the way in. */
export function Gate({ children }: { children: ReactNode }) {
  const { address } = useSession()
  return address ? children : <SignIn />
}

export function SignIn() {
  const { t } = useTexts()
  const { chain, signIn, wallet } = useSession()
  const connectors = useConnectors()
  const call = useCall()
  const begin = (connector?: Connector) =>
    void call.run(async () => {
      await signIn(connector)
      return null
    })
  const test = connectors.find((connector) => connector.id === BURNER)
  const others = connectors.filter((connector) => connector.id !== BURNER)
  return (
    <section className="card signin" aria-labelledby="signin-title">
      <h2 id="signin-title">{t('signin.title')}</h2>
      <p>{t('signin.lead')}</p>
      <div className="choices">
        {test && (
          <button type="button" className="primary" disabled={call.busy} onClick={() => begin(test)}>
            {t('signin.test_wallet')}
          </button>
        )}
        {others.map((connector) => (
          <button key={connector.uid} type="button" disabled={call.busy} onClick={() => begin(connector)}>
            {connector.icon && <img src={connector.icon.trim()} alt="" width="20" height="20" />}
            {t('signin.with', { wallet: connector.name })}
          </button>
        ))}
      </div>
      {!test && others.length === 0 && <p className="notice warn">{t('signin.no_wallet')}</p>}
      <p className="words">
        <strong>{t('sign.says')}</strong> {t('signin.words', { site: location.host, chain: chain.chain_id })}
      </p>
      {test && <p className="fine">{t('signin.test_warning')}</p>}
      {wallet && (
        <p className="fine">{t('signin.connected', { wallet: `${wallet.slice(0, 6)}…${wallet.slice(-4)}` })}</p>
      )}
      <CallSteps call={call} />
    </section>
  )
}
