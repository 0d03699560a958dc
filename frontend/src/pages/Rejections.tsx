// Each rejection with its reason, until when it can be appealed, and the appeal.
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { api, data, type Schemas } from '../api/client'
import { useCall } from '../chain/calls'
import { checkDigest } from '../chain/checks'
import { useSession } from '../chain/session'
import { CallSteps, Words } from '../parts/CallSteps'
import { Money, When } from '../parts/chain'
import { Gate } from '../parts/SignIn'
import { Empty, Shown } from '../parts/states'
import { useTexts } from '../texts'
import type { Key } from '../texts/plural'
import { rejectionsQuery } from '../work/queries'

type Work = Schemas['RejectedWork']

export default function Rejections() {
  const { t } = useTexts()
  const { address } = useSession()
  return (
    <>
      <h1>{t('rejections.title')}</h1>
      <p className="lead">{t('rejections.lead')}</p>
      <Gate>{address && <All address={address} />}</Gate>
    </>
  )
}

function All({ address }: { address: string }) {
  const { t } = useTexts()
  return (
    <Shown query={useQuery(rejectionsQuery(address))}>
      {({ items }) =>
        items.length === 0 ? (
          <Empty title={t('rejections.none')}>
            <p>{t('rejections.none_hint')}</p>
          </Empty>
        ) : (
          items.map((work) => <Rejected key={work.batch_id} work={work} address={address} />)
        )
      }
    </Shown>
  )
}

function Rejected({ work, address }: { work: Work; address: string }) {
  const { t } = useTexts()
  return (
    <section className="card">
      <h2 dir="auto">{work.title ?? t('batch.untitled')}</h2>
      <p>
        {t('rejections.count', { count: work.contestable + work.disputed })} · {t('rejections.until')}{' '}
        <When at={work.appeal_until} />
      </p>
      <ul className="reasons">
        {work.answers.map((answer) => (
          <li key={answer.task}>
            <code>{answer.task}</code> <q dir="auto">{answer.reason || t('rejections.no_reason')}</q>
          </li>
        ))}
      </ul>
      {work.missing_results.length > 0 && <p className="notice warn">{t('rejections.no_file')}</p>}
      {work.dispute_id && <p className="notice">{t('rejections.open')}</p>}
      {work.can_appeal && <Appeal work={work} address={address} />}
      {!work.can_appeal && work.obstacle && <p className="fine">{t(`obstacle.${work.obstacle}` as Key)}</p>}
    </section>
  )
}

function Appeal({ work, address }: { work: Work; address: string }) {
  const { t, money } = useTexts()
  const { chain } = useSession()
  const call = useCall()
  const [statement, setStatement] = useState('')
  const short = BigInt(work.owed_units) < BigInt(work.bond_units)
  const id = `statement-${work.batch_id}`
  const appeal = () =>
    void call.run(async (wallet) => {
      const draft = await wallet.patient(() =>
        data(api.POST('/v1/appeals/draft', { body: { batch_id: work.batch_id, statement } as never })),
      )
      checkDigest(draft.evidence, draft.evidence_digest)
      const { batch_id, count, evidence_digest, sequence, deadline } = draft
      const expected = { batchId: work.batch_id, worker: address, count, evidenceDigest: evidence_digest }
      const signature = await wallet.sign(draft.typed_data, 'Dispute', expected)
      const body = { batch_id, count, evidence_digest, sequence, deadline, worker: address, signature }
      return wallet.follow((await wallet.patient(() => data(api.POST('/v1/appeals', { body })))).intent_id)
    })
  return (
    <div className="field">
      <label htmlFor={id}>{t('rejections.statement')}</label>
      <textarea id={id} dir="auto" rows={3} value={statement} onChange={(event) => setStatement(event.target.value)} />
      <p className="fine">
        {t('rejections.bond')} <Money units={work.bond_units} />
      </p>
      {short && <p className="notice warn">{t('rejections.bond_short')}</p>}
      <button type="button" className="primary" disabled={call.busy || short || !statement.trim()} onClick={appeal}>
        {t('rejections.appeal')}
      </button>
      <Words>{t('rejections.words', { count: work.contestable, amount: money(work.bond_units, chain.token) })}</Words>
      <CallSteps call={call} />
    </div>
  )
}
