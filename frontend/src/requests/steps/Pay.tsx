// Step four: pay, answers per task, who decides, and times; what it comes to stands beside.
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { formatUnits } from 'viem'
import { useSession } from '../../chain/session'
import { Hourly, Money } from '../../parts/chain'
import { useTexts } from '../../texts'
import { perHour, wholeHundredths } from '../../texts/amounts'
import type { Key } from '../../texts/plural'
import { openBatches } from '../../work/queries'
import { Choice, Field, Tick } from '../Field'
import type { Numbers, Plan, Policy, Wrong } from '../plan'
import { listsQuery, ownBatches } from '../queries'
import { above, usualPay } from '../usual'

type Props = {
  plan: Plan
  change: (part: Partial<Plan>) => void
  numbers: Numbers | Wrong
  tasks: number
  known: number
}

const POLICIES: Policy[] = ['requester', 'agreement', 'inference', 'reviewers', 'drawn']

export function Pay({ plan, change, numbers, tasks, known }: Props) {
  const { t } = useTexts()
  const { chain, address } = useSession()
  const wrong = typeof numbers === 'string' ? numbers : null
  const isAutomatic = plan.policy === 'agreement' || plan.policy === 'inference'
  const isDrawn = plan.policy === 'drawn'
  const number = (name: Exclude<Wrong, 'draw'>, label: string, more: { hint?: string; after?: string } = {}) => (
    <Field
      label={label}
      value={plan[name]}
      inputMode={name === 'reward' ? 'decimal' : 'numeric'}
      isWrong={wrong === name}
      onChange={(value) => change({ [name]: value })}
      {...more}
    />
  )
  return (
    <div className="beside">
      <div className="card">
        <h3>{t('draft.pay')}</h3>
        {number('reward', t('draft.reward'), { after: chain.token.symbol })}
        {number('seconds', t('draft.seconds'), { hint: t('draft.seconds_hint') })}
        {number('answersPerTask', t('draft.answers_per_task'), { hint: t('draft.answers_hint') })}
        <fieldset className="policies">
          <legend>{t('draft.policy')}</legend>
          {POLICIES.filter((policy) => policy !== 'reviewers' || chain.default_reviewer).map((policy) => (
            <label key={policy} className="kind">
              <input type="radio" name="policy" checked={plan.policy === policy} onChange={() => change({ policy })} />
              <span>
                <strong>{t(`policy.${policy}` as Key)}</strong>
                <span className="fine">{t(`policy.${policy}.hint` as Key)}</span>
              </span>
            </label>
          ))}
        </fieldset>
        {isDrawn && <Draw plan={plan} change={change} isWrong={wrong === 'draw'} />}
        {(isAutomatic || isDrawn) && chain.default_reviewer && (
          <Choice
            label={t('draft.signer')}
            value={plan.signer}
            onChange={(signer) => change({ signer: signer as Plan['signer'] })}
            options={[
              { value: 'me', label: t('draft.signer_me') },
              { value: 'panel', label: t('draft.signer_panel', { count: chain.default_reviewer.members.length }) },
            ]}
          />
        )}
        {isAutomatic && known > 0 && (
          <Field
            label={t('draft.reject_below')}
            hint={t('draft.reject_below_hint')}
            inputMode="numeric"
            value={plan.rejectBelow}
            onChange={(rejectBelow) => change({ rejectBelow })}
            after="%"
          />
        )}
        <details>
          <summary>{t('draft.times')}</summary>
          {number('claimDays', t('draft.claim_days'))}
          {number('leaseMinutes', t('draft.lease_minutes'))}
          {number('reviewHours', t('draft.review_hours'), { hint: t('draft.review_hint') })}
          {number('maxClaim', t('draft.max_claim'))}
          <Field
            label={t('draft.backed')}
            hint={t('draft.backed_hint')}
            inputMode="numeric"
            value={plan.backedWorkers}
            onChange={(backedWorkers) => change({ backedWorkers })}
          />
        </details>
        {address && <Pools owner={address} plan={plan} change={change} numbers={numbers} />}
      </div>
      <Sum numbers={numbers} tasks={tasks} />
    </div>
  )
}

function Draw({ plan, change, isWrong }: Pick<Props, 'plan' | 'change'> & { isWrong: boolean }) {
  const { t } = useTexts()
  const field = (name: 'drawReviewers' | 'drawQuorum' | 'drawMost', label: Key, hint?: string) => (
    <Field
      label={t(label)}
      hint={hint}
      value={plan[name]}
      inputMode="numeric"
      isWrong={isWrong}
      onChange={(value) => change({ [name]: value })}
    />
  )
  return (
    <>
      {field('drawReviewers', 'draft.draw_reviewers')}
      {field('drawQuorum', 'draft.draw_quorum', t('draft.draw_hint'))}
      {field('drawMost', 'draft.draw_most')}
    </>
  )
}

function Pools({ owner, plan, change, numbers }: Pick<Props, 'plan' | 'change' | 'numbers'> & { owner: string }) {
  const { t } = useTexts()
  const { data: lists } = useQuery(listsQuery(owner))
  const pools = (lists ?? []).filter(({ kind }) => kind === 'pool')
  if (pools.length === 0) return null
  return (
    <fieldset className="policies">
      <legend>{t('draft.pools')}</legend>
      {pools.map(({ list_id, name, members }) => (
        <Tick
          key={list_id}
          label={t('draft.pool', { name, count: members })}
          value={plan.pools.includes(list_id)}
          onChange={(on) =>
            change({ pools: on ? [...plan.pools, list_id] : plan.pools.filter((pool) => pool !== list_id) })
          }
        />
      ))}
      {plan.pools.length > 0 && (
        <>
          <p className="fine">{t('pools.pay_more')}</p>
          {typeof numbers !== 'string' && <Above owner={owner} hourly={perHour(numbers.reward, numbers.seconds)} />}
        </>
      )}
    </fieldset>
  )
}

/** How the pay for a pool stands to what the requester's batches paid so far. */
function Above({ owner, hourly }: { owner: string; hourly: bigint }) {
  const { t, money, percent } = useTexts()
  const { chain } = useSession()
  const own = usualPay(useInfiniteQuery(ownBatches(owner)).data?.pages.flatMap(({ items }) => items) ?? [])
  if (!own) return null
  const more = above(hourly, own.units)
  const shown = (units: bigint) => money(wholeHundredths(units, chain.token.decimals), chain.token)
  const figures = { now: shown(hourly), usual: shown(own.units) }
  return (
    <p className={more > 0 ? 'notice good' : 'notice warn'} role="status">
      {more > 0
        ? t('pools.pays_more', { ...figures, share: percent(more) })
        : t(more < 0 ? 'pools.pays_less' : 'pools.pays_same', figures)}
    </p>
  )
}

function Sum({ numbers, tasks }: { numbers: Numbers | Wrong; tasks: number }) {
  const { t, duration } = useTexts()
  const { chain, address } = useSession()
  const open = useQuery(openBatches).data?.items ?? []
  const usual = usualPay(open.filter(({ requester }) => requester !== address))
  if (typeof numbers === 'string')
    return (
      <aside className="card sum">
        <h3>{t('draft.sum')}</h3>
        <p className="notice warn">{t(`wrong.${numbers}`)}</p>
      </aside>
    )
  const assignments = BigInt(tasks) * BigInt(numbers.answersPerTask)
  const reward = numbers.reward * assignments
  const fee = ((numbers.reward * BigInt(chain.operator_fee_basis_points)) / 10_000n) * assignments
  const hourly = perHour(numbers.reward, numbers.seconds)
  const floor = BigInt(chain.pay_floor_units_per_hour)
  const needed = (floor * BigInt(numbers.seconds) + 3_599n) / 3_600n
  return (
    <aside className="card sum" aria-live="polite">
      <h3>{t('draft.sum')}</h3>
      <dl className="bill">
        <dt>{t('draft.sum_reward', { count: Number(assignments) })}</dt>
        <dd>
          <Money units={reward} />
        </dd>
        <dt>{t('draft.sum_fee')}</dt>
        <dd>
          <Money units={fee} />
        </dd>
        <dt className="total">{t('draft.sum_total')}</dt>
        <dd className="total">
          <Money units={reward + fee} />
        </dd>
      </dl>
      <p className="fine">{t('draft.sum_gas')}</p>
      <dl className="bill">
        <dt>{t('draft.per_hour')}</dt>
        <dd>
          <Hourly units={hourly} />
        </dd>
        {usual && (
          <>
            <dt>{t('draft.usual', { count: usual.batches })}</dt>
            <dd>
              <Hourly units={usual.units} />
            </dd>
          </>
        )}
        <dt>{t('draft.floor')}</dt>
        <dd>
          <Money units={floor} />
        </dd>
        <dt>{t('draft.work_in_all')}</dt>
        <dd>{duration(Number(assignments) * numbers.seconds)}</dd>
      </dl>
      {hourly < floor && (
        <p className="notice warn" role="status">
          {t('draft.below_floor', { reward: formatUnits(needed, chain.token.decimals), symbol: chain.token.symbol })}
        </p>
      )}
    </aside>
  )
}
