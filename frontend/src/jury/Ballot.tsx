// A juror's vote: secret first, shown later. Both are transactions of the juror's own wallet.
import { useState } from 'react'
import { api, data, type Schemas } from '../api/client'
import { useCall } from '../chain/calls'
import { CallSteps, Words } from '../parts/CallSteps'
import { When } from '../parts/chain'
import { useTexts } from '../texts'
import { commitmentOf, keepVote, keptVote, newVote, readVote, type Vote } from './votes'

type Props = { item: Schemas['JurorCase']; recipe: Schemas['CommitmentRecipe'] }

export function Ballot({ item, recipe }: Props) {
  const { t } = useTexts()
  const { dispute, case: found } = item
  const place = {
    chainId: recipe.chain_id,
    panel: recipe.panel,
    escrow: recipe.escrow,
    disputeId: dispute.dispute_id,
    juror: recipe.juror,
  }
  if (!item.may_vote) return <p className="notice">{t('jury.may_not')}</p>
  return (
    <section className="card" aria-labelledby="vote-title">
      <h2 id="vote-title">{t('jury.vote')}</h2>
      <p>
        {t('jury.votes', { count: found.commits, shown: found.reveals })} · {t(`jury.phase.${found.phase}`)}{' '}
        <When at={found.phase === 'commit' ? found.commit_end : found.reveal_end} />
      </p>
      {found.phase === 'commit' && !item.committed && <Commit place={place} count={dispute.count} />}
      {item.committed && <Copy place={place} />}
      {found.phase === 'commit' && item.committed && <p className="notice good">{t('jury.wait')}</p>}
      {found.phase === 'reveal' && item.committed && !item.revealed && <Reveal place={place} />}
      {item.revealed && <p className="notice good">{t('jury.shown')}</p>}
    </section>
  )
}

type Place = Parameters<typeof keptVote>[0]

function Commit({ place, count }: { place: Place; count: number }) {
  const { t } = useTexts()
  const call = useCall()
  const [right, setRight] = useState<number | null>(null)
  const commit = () =>
    void call.run(async (wallet) => {
      if (right === null) return null
      const vote = newVote(right + 1)
      keepVote(place, vote)
      const params = { path: { dispute_id: place.disputeId } }
      const body = { commitment: commitmentOf(place, vote) }
      const { transaction } = await wallet.patient(() =>
        data(api.POST('/v1/juror/cases/{dispute_id}/commitment', { params, body })),
      )
      return wallet.send(transaction)
    })
  return (
    <>
      <fieldset className="choices">
        <legend>{t('jury.how_many')}</legend>
        {Array.from({ length: count + 1 }, (_, number) => (
          <button key={number} type="button" aria-pressed={right === number} onClick={() => setRight(number)}>
            {t('jury.right', { count: number })}
          </button>
        ))}
      </fieldset>
      <button type="button" className="primary" disabled={call.busy || right === null} onClick={commit}>
        {t('jury.commit')}
      </button>
      <Words>{t('jury.commit_words')}</Words>
      <p className="fine">{t('jury.keep_browser')}</p>
      <CallSteps call={call} />
    </>
  )
}

/** The vote and its salt, for another browser. */
function Copy({ place }: { place: Place }) {
  const { t } = useTexts()
  const vote = keptVote(place)
  if (!vote) return null
  return (
    <details>
      <summary>{t('jury.copy_of_vote')}</summary>
      <code className="whole" dir="ltr">
        {JSON.stringify(vote)}
      </code>
    </details>
  )
}

function Reveal({ place }: { place: Place }) {
  const { t } = useTexts()
  const call = useCall()
  const [text, setText] = useState('')
  const vote: Vote | null = keptVote(place) ?? readVote(text)
  const reveal = () =>
    void call.run(async (wallet) => {
      if (!vote) return null
      const params = { path: { dispute_id: place.disputeId } }
      const body = { ruling: vote.ruling, salt: vote.salt }
      const { transaction } = await wallet.patient(() =>
        data(api.POST('/v1/juror/cases/{dispute_id}/reveal', { params, body })),
      )
      return wallet.send(transaction)
    })
  return (
    <>
      {!keptVote(place) && (
        <div className="field">
          <label htmlFor="vote-copy">{t('jury.lost_vote')}</label>
          <textarea id="vote-copy" dir="ltr" rows={2} value={text} onChange={(event) => setText(event.target.value)} />
        </div>
      )}
      <button type="button" className="primary" disabled={call.busy || !vote} onClick={reveal}>
        {t('jury.reveal')}
      </button>
      {vote && <Words>{t('jury.reveal_words', { count: vote.ruling - 1 })}</Words>}
      <CallSteps call={call} />
    </>
  )
}
