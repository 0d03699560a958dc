// Money beside the pay for one worker, from the requester's account.
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useConfig } from 'wagmi'
import type { Schemas } from '../api/client'
import { useCall } from '../chain/calls'
import { useSession } from '../chain/session'
import { CallSteps, Words } from '../parts/CallSteps'
import { Money } from '../parts/chain'
import { useTexts } from '../texts'
import { parseMoney } from '../texts/amounts'
import { accountQuery } from '../work/queries'
import { give } from './bonus'
import { Field } from './Field'

type Props = { batch: Schemas['BatchView']; worker: string; onCancel: () => void }

export function GiveBonus({ batch, worker, onCancel }: Props) {
  const { t, money } = useTexts()
  const { chain, address } = useSession()
  const [typed, setTyped] = useState('')
  const [reason, setReason] = useState('')
  const config = useConfig()
  const call = useCall()
  const account = useQuery(accountQuery(batch.requester))
  const owed = BigInt(account.data?.owed_units ?? '0')
  const amount = parseMoney(typed, chain.token.decimals)
  const isWrong = typed !== '' && !amount
  const short = amount && amount > owed ? amount - owed : 0n
  const who = `${worker.slice(0, 6)}…${worker.slice(-4)}`
  const sign = () =>
    void call
      .run(async (wallet) => {
        if (!amount || !address) return null
        return give(wallet, config, chain, address, { batchId: batch.batch_id, worker, amount, reason }, short)
      })
      .then((isDone) => isDone && setTyped(''))
  return (
    <form
      className="card"
      aria-label={t('bonus.give_to', { worker: who })}
      onSubmit={(event) => {
        event.preventDefault()
        sign()
      }}
    >
      <h3>{t('bonus.give_to', { worker: who })}</h3>
      <p className="fine">
        {t('ending.in_account')} <Money units={owed} />
      </p>
      <Field
        label={t('bonus.amount')}
        hint={isWrong ? t('bonus.amount_wrong') : undefined}
        isWrong={isWrong}
        inputMode="decimal"
        value={typed}
        onChange={setTyped}
        after={chain.token.symbol}
      />
      <Field label={t('bonus.reason')} hint={t('bonus.reason_hint')} rows={2} value={reason} onChange={setReason} />
      {!!amount && (
        <Words>
          {t(short > 0n ? 'bonus.words_deposit' : 'bonus.words', {
            worker: who,
            amount: money(amount, chain.token),
            ...(short > 0n ? { short: money(short, chain.token) } : {}),
          })}
        </Words>
      )}
      <div className="choices">
        <button type="submit" className="primary" disabled={call.busy || !amount || !account.data}>
          {t('bonus.sign')}
        </button>
        <button type="button" disabled={call.busy} onClick={onCancel}>
          {t('bonus.cancel')}
        </button>
      </div>
      <CallSteps call={call} done={t('bonus.done')} />
    </form>
  )
}
