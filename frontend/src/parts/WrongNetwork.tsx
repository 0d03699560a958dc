// Help for a wallet that stands on another network.
import { useConfig } from 'wagmi'
import { switchChain } from 'wagmi/actions'
import { useCall } from '../chain/calls'
import { useSession } from '../chain/session'
import { useTexts } from '../texts'
import { CallSteps } from './CallSteps'

export function WrongNetwork() {
  const { t } = useTexts()
  const { chain, wrongNetwork } = useSession()
  const config = useConfig()
  const call = useCall()
  if (!wrongNetwork) return null
  const change = () =>
    void call.run(async () => {
      await switchChain(config, { chainId: chain.chain_id as never })
      return null
    })
  return (
    <div className="notice warn" role="alert">
      <p>{t('network.wrong', { chain: String(chain.chain_id) })}</p>
      <button type="button" disabled={call.busy} onClick={change}>
        {t('network.switch')}
      </button>
      {chain.rpc_url && (
        <p className="fine">{t('network.by_hand', { url: chain.rpc_url, chain: String(chain.chain_id) })}</p>
      )}
      <CallSteps call={call} />
    </div>
  )
}
