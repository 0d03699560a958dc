// Drawn reviewers of a requester's batch: their pay, which must be locked before work begins, and each draw.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { formatUnits } from 'viem'
import { api, data, type Schemas, units } from '../api/client'
import { useSession } from '../chain/session'
import { Address } from '../parts/chain'
import { Refused, Shown } from '../parts/states'
import { Table } from '../parts/Table'
import { useTexts } from '../texts'
import { parseMoney } from '../texts/amounts'
import { accountQuery } from '../work/queries'
import { Choice, Field } from './Field'
import { checkDraft } from './fund'
import { whole } from './plan'
import { drawsQuery, listsQuery } from './queries'
import { Sign } from './steps/Fund'

type Batch = Schemas['BatchView']
type Rules = { reviewers: number; quorum: number; most: number }
type Whom = 'paid' | 'pool' | 'fit'
const SECONDS = 60
const WHOM: Whom[] = ['paid', 'pool', 'fit']
const LONGEST_SECONDS = 86_400

export default function DrawnReviewers({ batch, address }: { batch: Batch; address: string }) {
  const { t } = useTexts()
  return (
    <section>
      <h2>{t('drawn.pay_title')}</h2>
      <Shown query={useQuery(drawsQuery(batch.batch_id))}>
        {(found) => (found.is_funded ? <Draws found={found} /> : <Paying batch={batch} address={address} />)}
      </Shown>
    </section>
  )
}

function Paying({ batch, address }: { batch: Batch; address: string }) {
  const { t } = useTexts()
  const { chain } = useSession()
  const client = useQueryClient()
  const { decimals, symbol } = chain.token
  const least = (BigInt(chain.pay_floor_units_per_hour) * BigInt(SECONDS) + 3_599n) / 3_600n
  const [typed, setTyped] = useState(() => formatUnits(least, decimals))
  const [stated, setStated] = useState(String(SECONDS))
  const [whom, setWhom] = useState<Whom>('paid')
  const [pool, setPool] = useState('')
  const lists = useQuery(listsQuery(address)).data
  const pools = lists?.filter(({ kind }) => kind === 'pool') ?? []
  const chosen = pool || pools[0]?.list_id || ''
  const reward = parseMoney(typed, decimals)
  const seconds = whole(stated, 1, LONGEST_SECONDS)
  const draw = batch.review?.['draw'] as Rules | undefined
  const reviews = batch.assignments * (draw?.most ?? 0)
  const account = useQuery(accountQuery(address)).data
  // What lies in the account for rejections must not go into the reviewers' pay.
  const kept = String(batch.terms['disputeFee'] ?? '0') === '0' ? 0n : BigInt(account?.owed_units ?? '0')
  const drafting = useMutation({
    mutationFn: async (wanted: { reward: bigint; seconds: number; kept: bigint }) => {
      const params = { path: { batch_id: batch.batch_id } }
      const body = {
        reward_units: units(wanted.reward),
        reserve_units: units(wanted.kept),
        estimated_seconds_per_task: wanted.seconds,
        ...(whom === 'pool' ? { needs: { pools: [chosen] } } : { candidates: whom }),
      } as Schemas['ReviewBatchIn']
      const found = await data(api.POST('/v1/batches/{batch_id}/review-batch', { params, body }))
      return { found: checkDraft(found, wanted.reward, BigInt(reviews)), kept: wanted.kept }
    },
  })
  if (drafting.data)
    return (
      <Sign
        found={drafting.data.found}
        address={address}
        reserve={drafting.data.kept}
        onFunded={() => client.invalidateQueries({ queryKey: ['batch', batch.batch_id] })}
      />
    )
  return (
    <div className="card">
      <p className="notice warn">{t('drawn.unpaid', { count: reviews })}</p>
      <Field
        label={t('drawn.reward')}
        value={typed}
        onChange={setTyped}
        inputMode="decimal"
        after={symbol}
        isWrong={!reward}
      />
      <Field
        label={t('drawn.seconds')}
        value={stated}
        onChange={setStated}
        inputMode="numeric"
        isWrong={seconds === null}
      />
      <fieldset className="policies">
        <legend>{t('drawn.whom')}</legend>
        {WHOM.filter((each) => each !== 'pool' || pools.length > 0).map((each) => (
          <label key={each} className="kind">
            <input type="radio" name="whom" checked={whom === each} onChange={() => setWhom(each)} />
            <span>
              <strong>{t(`drawn.${each}`)}</strong>
              <span className="fine">{t(`drawn.${each}.hint`)}</span>
            </span>
          </label>
        ))}
      </fieldset>
      {whom === 'pool' && (
        <Choice
          label={t('drawn.which_pool')}
          value={chosen}
          onChange={setPool}
          options={pools.map(({ list_id, name }) => ({ value: list_id, label: name }))}
        />
      )}
      <button
        type="button"
        className="primary"
        disabled={!reward || seconds === null || !account || drafting.isPending}
        onClick={() => reward && seconds !== null && drafting.mutate({ reward, seconds, kept })}
      >
        {t('drawn.draft')}
      </button>
      <Refused error={drafting.error} />
    </div>
  )
}

function Draws({ found }: { found: Schemas['DrawList'] }) {
  const { t } = useTexts()
  const head = [t('drawn.answer'), t('review.worker'), t('drawn.who'), t('drawn.verdicts'), t('drawn.decided')]
  return (
    <>
      <p className="fine">{t('drawn.candidates', { count: found.candidates })}</p>
      {found.items.length === 0 ? (
        <p>{t('drawn.none_yet')}</p>
      ) : (
        <Table label={t('drawn.pay_title')} head={head}>
          {found.items.map((item) => (
            <Draw key={item.slot} item={item} />
          ))}
        </Table>
      )}
    </>
  )
}

function Draw({ item }: { item: Schemas['DrawView'] }) {
  const { t, number } = useTexts()
  const counted = (verdict: 'accept' | 'reject') => item.verdicts.filter((each) => each.verdict === verdict).length
  return (
    <tr>
      <td>
        <code>{item.task}</code>
      </td>
      <td>
        <Address of={item.worker} />
      </td>
      <td>{number(item.drawn.length)}</td>
      <td>{t('drawn.said', { accept: counted('accept'), reject: counted('reject') })}</td>
      <td>{item.decided ? t(`drawn.${item.decided}`) : t('drawn.undecided')}</td>
    </tr>
  )
}
