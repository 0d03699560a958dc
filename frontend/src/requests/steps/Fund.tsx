// Step five: the exact cost as the gateway drafted it, what will be signed, and the funding itself.
import { useMutation, useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { type ReactNode, useEffect } from 'react'
import { formatUnits } from 'viem'
import { useConfig } from 'wagmi'
import { balancesOf } from '../../chain/balances'
import { useCall } from '../../chain/calls'
import { useSession } from '../../chain/session'
import { CallSteps, Words } from '../../parts/CallSteps'
import { Hourly, Money } from '../../parts/chain'
import { Faucet } from '../../parts/Faucet'
import { Failed, Loading } from '../../parts/states'
import { useTexts } from '../../texts'
import { type Draft, draft, fund, permitValue } from '../fund'
import { isContract } from '../permission'
import { headOf, type Numbers, type Plan } from '../plan'
import type { Rules } from '../table/tasks'
import type { TableState } from '../useTable'

type Props = {
  plan: Plan
  numbers: Numbers
  rules: Rules
  tasks: number
  table: TableState
  address: string
  onFunded: () => void
}

export function Fund({ plan, numbers, rules, tasks, table, address, onFunded }: Props) {
  const { t } = useTexts()
  const { chain } = useSession()
  const navigate = useNavigate()
  const feeUnits = BigInt(chain.arbitration?.fee_units ?? '0')
  const drafting = useMutation({
    mutationFn: async () =>
      draft(await table.reader.body(rules, headOf(plan, numbers, address, feeUnits)), numbers, tasks),
  })
  const { mutate, isIdle } = drafting
  useEffect(() => {
    if (isIdle) mutate()
  }, [mutate, isIdle])
  if (drafting.isError) return <Failed error={drafting.error} again={() => mutate()} />
  if (!drafting.data)
    return (
      <>
        <p role="status">{t('draft.drafting', { count: tasks })}</p>
        <Loading />
      </>
    )
  const { batch_id } = drafting.data
  return (
    <Sign
      found={drafting.data}
      address={address}
      reserve={feeUnits * BigInt(numbers.backedWorkers)}
      onFunded={() => {
        onFunded()
        return navigate({ to: '/requests/$batchId', params: { batchId: batch_id } })
      }}
    >
      <Link to="/requests/new" search={{ step: 4 }}>
        {t('draft.change_pay')}
      </Link>
    </Sign>
  )
}

type SignProps = {
  found: Draft
  address: string
  reserve: bigint
  onFunded: () => Promise<unknown>
  /** The way to change what was drafted. */
  children?: ReactNode
}

/** What a drafted batch costs, and the signatures that fund it. */
export function Sign({ found, address, reserve, onFunded, children }: SignProps) {
  const { t, money } = useTexts()
  const { chain } = useSession()
  const config = useConfig()
  const call = useCall()
  const total = BigInt(found.cost.total_units)
  const missing = permitValue(found)
  const balances = useQuery({
    queryKey: ['balances', address, 'contract'],
    queryFn: async () => {
      const [found, contract] = await Promise.all([balancesOf(config, chain, address), isContract(config, address)])
      return { ...found, contract }
    },
  })
  const gas = BigInt(found.cost.gas.most_wei)
  const short =
    balances.data && (balances.data.token < missing || (!balances.data.contract && balances.data.coin < gas))
  const sign = () =>
    void call.run(async (wallet) => {
      const hash = await fund(wallet, config, chain, address, found, total + reserve)
      await onFunded()
      return hash
    })
  return (
    <div className="beside">
      <section className="card sum">
        <h3>{t('draft.sum')}</h3>
        <dl className="bill">
          <dt>{t('draft.sum_reward', { count: found.assignments })}</dt>
          <dd>
            <Money units={found.cost.reward_units} />
          </dd>
          <dt>{t('draft.sum_fee')}</dt>
          <dd>
            <Money units={found.cost.operator_fee_units} />
          </dd>
          {reserve > 0n && (
            <>
              <dt>{t('draft.sum_reserve')}</dt>
              <dd>
                <Money units={reserve} />
              </dd>
            </>
          )}
          <dt className="total">{t('draft.sum_total')}</dt>
          <dd className="total">
            <Money units={total + reserve} />
          </dd>
          {missing < total + reserve && (
            <>
              <dt>{t('draft.from_account')}</dt>
              <dd>
                <Money units={total + reserve - missing} />
              </dd>
            </>
          )}
          <dt>{t('draft.gas')}</dt>
          <dd className="money">{t('draft.at_most', { amount: formatUnits(gas, 18).slice(0, 10) })}</dd>
          <dt>{t('draft.per_hour')}</dt>
          <dd>
            <Hourly units={found.pay_per_hour_units} />
          </dd>
        </dl>
        <p className="fine">{t('draft.comes_back')}</p>
        {short ? (
          <div className="notice warn" role="status">
            <p>
              {t('draft.short', {
                have: money(balances.data.token, chain.token),
                need: money(missing, chain.token),
              })}
            </p>
          </div>
        ) : (
          <>
            <button type="button" className="primary" disabled={call.busy || !balances.data} onClick={sign}>
              {t('draft.sign')}
            </button>
            <Words>
              {missing > 0n
                ? t(balances.data?.contract ? 'draft.words_contract' : 'draft.words', {
                    amount: money(missing, chain.token),
                    count: found.assignments,
                  })
                : t('draft.words_account', { count: found.assignments })}
            </Words>
          </>
        )}
        <CallSteps call={call} done={t('draft.funded')} />
        {balances.isError && <Failed error={balances.error} again={() => void balances.refetch()} />}
      </section>
      <div>
        {short && <Faucet least={missing} />}
        <section className="card">
          <h3>{t('draft.before')}</h3>
          <ul className="plain-list">
            <li>{t('draft.before_locked')}</li>
            <li>{t('draft.before_silence')}</li>
            <li>
              {found.dispute.workers_that_can_be_rejected === null
                ? t('draft.before_reject_free')
                : t('draft.before_reject', {
                    fee: money(found.dispute.fee_units, chain.token),
                    count: found.dispute.workers_that_can_be_rejected,
                  })}
            </li>
          </ul>
          {children}
        </section>
      </div>
    </div>
  )
}
