// What a juror earned and has not withdrawn.
import { api, data } from '../api/client'
import { useCall } from '../chain/calls'
import { CallSteps } from '../parts/CallSteps'
import { Money } from '../parts/chain'
import { useTexts } from '../texts'

export function Fees({ earned }: { earned: string }) {
  const { t } = useTexts()
  const call = useCall()
  const withdraw = () =>
    void call.run(async (wallet) => {
      const { transaction } = await wallet.patient(() => data(api.POST('/v1/juror/withdrawal', { body: {} })))
      return wallet.send(transaction)
    })
  return (
    <section className="card row spread">
      <p>
        {t('jury.earned')} <Money units={earned} />
      </p>
      {BigInt(earned) > 0n && (
        <button type="button" disabled={call.busy} onClick={withdraw}>
          {t('jury.withdraw')}
        </button>
      )}
      <CallSteps call={call} />
    </section>
  )
}
