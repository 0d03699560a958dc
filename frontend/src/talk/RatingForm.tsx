// One's own rating of the other side, once the chain shows paid work; it can be changed and taken back.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, data, type Schemas } from '../api/client'
import { Loading, Refused, Shown } from '../parts/states'
import { Field } from '../requests/Field'
import { useTexts } from '../texts'
import { ownRatingQuery, paidQuery } from './queries'
import { Stars } from './Stars'

type Props = { batchId: string; worker: string; rater: string; rated: string }

export function RatingForm({ batchId, worker, rater, rated }: Props) {
  const { t } = useTexts()
  const paid = useQuery(paidQuery(batchId, worker))
  const own = useQuery(ownRatingQuery(rater, rated, batchId))
  return (
    <section className="card">
      <h2>{t(rated === worker ? 'rating.of_worker' : 'rating.of_requester')}</h2>
      <Shown query={paid}>
        {(count) =>
          count === 0 ? (
            <p className="fine">{t('rating.not_yet')}</p>
          ) : (
            <>
              <p className="fine">{t('rating.paid', { count })}</p>
              {own.isPending ? (
                <Loading />
              ) : (
                <Rate
                  key={own.data?.updated_at ?? 0}
                  batchId={batchId}
                  rater={rater}
                  rated={rated}
                  said={own.data ?? null}
                />
              )}
            </>
          )
        }
      </Shown>
    </section>
  )
}

type RateProps = { batchId: string; rater: string; rated: string; said: Schemas['RatingView'] | null }

function Rate({ batchId, rater, rated, said }: RateProps) {
  const { t } = useTexts()
  const client = useQueryClient()
  const [stars, setStars] = useState(said?.stars ?? 0)
  const [text, setText] = useState(said?.text ?? '')
  const params = { path: { batch_id: batchId, address: rated } }
  const onSuccess = () => client.invalidateQueries({ queryKey: ['ratings', rated] })
  const saving = useMutation({
    mutationFn: () =>
      data(api.PUT('/v1/batches/{batch_id}/ratings/{address}', { params, body: { stars, text: text.trim() } })),
    onSuccess,
  })
  const taking = useMutation({
    mutationFn: () => api.DELETE('/v1/batches/{batch_id}/ratings/{address}', { params }),
    onSuccess,
  })
  const failed = saving.error ?? taking.error
  const isBusy = saving.isPending || taking.isPending
  const isSame = said !== null && said.stars === stars && said.text === text.trim()
  return (
    <>
      <fieldset className="choices stars-choice">
        <legend className="visually-hidden">{t('rating.stars')}</legend>
        {[1, 2, 3, 4, 5].map((count) => (
          <label key={count} className="option">
            <input type="radio" name={`stars-${rater}`} checked={stars === count} onChange={() => setStars(count)} />{' '}
            <Stars count={count} />
          </label>
        ))}
      </fieldset>
      <Field label={t('rating.words')} hint={t('rating.public')} rows={2} value={text} onChange={setText} most={500} />
      <div className="choices">
        <button
          type="button"
          className="primary"
          disabled={stars === 0 || isSame || isBusy}
          onClick={() => saving.mutate()}
        >
          {t(said ? 'rating.change' : 'rating.save')}
        </button>
        {said && (
          <button type="button" disabled={isBusy} onClick={() => taking.mutate()}>
            {t('rating.take_back')}
          </button>
        )}
      </div>
      {said && isSame && (
        <p className="notice good" role="status">
          {t('rating.saved')}
        </p>
      )}
      <Refused error={failed} />
    </>
  )
}
