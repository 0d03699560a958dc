// Test money and gas, on development chains only.
import { api, data, units } from '../api/client'
import { useCall } from '../chain/calls'
import { useSession } from '../chain/session'
import { useTexts } from '../texts'
import { CallSteps } from './CallSteps'

const GIFT_WHOLE_TOKENS = 100n

/** Gives a hundred tokens, or `least` units if that is more. */
export function Faucet({ least = 0n }: { least?: bigint }) {
  const { t, money } = useTexts()
  const { chain, address } = useSession()
  const call = useCall()
  if (!chain.development || !address) return null
  const usual = GIFT_WHOLE_TOKENS * 10n ** BigInt(chain.token.decimals)
  const gift = least > usual ? least : usual
  const ask = () =>
    void call.run(async (wallet) => {
      const body = { address, amount_units: units(gift), native: true }
      const { intent_ids } = await wallet.patient(() => data(api.POST('/v1/faucet', { body })))
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
