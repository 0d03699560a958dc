// The states of a call, in one line below the button that began it.
import type { Call } from '../chain/calls'
import { useSession } from '../chain/session'
import { useTexts } from '../texts'
import { Transaction } from './chain'
import { lostPart } from './LostNotice'
import { reasonOf } from './states'

export function CallSteps({ call, done }: { call: Call; done?: string }) {
  const { t } = useTexts()
  const { state } = call
  if (state.at === 'idle') return null
  if (state.at === 'failed')
    return (
      <p className="steps bad" role="alert" data-state="failed">
        {t('call.failed')} {reasonOf({ t }, state.error)}
      </p>
    )
  if (state.at === 'lost')
    return (
      <p className="steps lost" role="status" data-state="lost">
        {t(`lost.${lostPart(state.error)}`)} {t('lost.goes_on')}
      </p>
    )
  return (
    <p className={`steps ${state.at}`} role="status" data-state={state.at}>
      {state.at === 'confirmed' ? (done ?? t('call.confirmed')) : t(`call.${state.at}`)}{' '}
      {'transaction' in state && state.transaction && <Transaction hash={state.transaction} />}
    </p>
  )
}

/** What a signature will say, in words, before it is asked for. */
export function Words({ children }: { children: string }) {
  const { t } = useTexts()
  const { wrongNetwork } = useSession()
  return (
    <p className="words">
      <strong>{t('sign.says')}</strong> {children} {wrongNetwork && <em>{t('sign.wrong_network')}</em>}
    </p>
  )
}
