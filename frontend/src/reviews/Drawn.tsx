// What the chain drew a reviewer for, and the batches that look for reviewers.
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { api, data, Problem, type Schemas } from '../api/client'
import { useLive } from '../api/live'
import { Money, When } from '../parts/chain'
import { Pages } from '../parts/Pages'
import { Refused, reasonOf, Shown } from '../parts/states'
import { useTexts } from '../texts'
import { candidaciesQuery, drawnQuery } from './queries'

type Open = Schemas['OpenReviews']

/** The reviews that wait, by the batch that pays them; nothing if there are none. */
export function DrawnReviews({ reviewer }: { reviewer: string }) {
  const { t } = useTexts()
  useLive('/v1/live/me', [['reviews', reviewer, 'drawn']])
  return (
    <Shown query={useQuery(drawnQuery(reviewer))}>
      {({ items }) => {
        const batches = [...new Set(items.map((item) => item.review_batch_id))]
        if (batches.length === 0) return null
        return (
          <section>
            <h2>{t('drawn.title')}</h2>
            <ul className="list">
              {batches.map((id) => {
                const own = items.filter((item) => item.review_batch_id === id)
                const first = own[0]
                return (
                  first && (
                    <li key={id} className="item">
                      <div>
                        <h3 className="row-title">
                          <Link to="/tasks/$batchId" params={{ batchId: id }} dir="auto">
                            {first.title}
                          </Link>
                        </h3>
                        <p className="fine">
                          {t('drawn.reviews', { count: own.length })} · {t('review.silence')}{' '}
                          <When at={first.review_ends_at} />
                        </p>
                      </div>
                    </li>
                  )
                )
              })}
            </ul>
          </section>
        )
      }}
    </Shown>
  )
}

/** Where one can enrol, and where one has. */
export function OpenReviews({ reviewer }: { reviewer: string }) {
  const { t } = useTexts()
  return (
    <section>
      <h2>{t('drawn.open_title')}</h2>
      <p className="fine">{t('drawn.open_lead')}</p>
      <Pages query={useInfiniteQuery(candidaciesQuery(reviewer))}>
        {(items) =>
          items.length === 0 ? (
            <p>{t('drawn.open_none')}</p>
          ) : (
            <ul className="list">
              {items.map((item) => (
                <li key={item.batch_id} className="item">
                  <div>
                    <h3 className="row-title">
                      <Link to="/tasks/$batchId" params={{ batchId: item.review_batch_id }} dir="auto">
                        {item.title}
                      </Link>
                    </h3>
                    <p className="fine">
                      <Money units={item.reward_units} /> {t('drawn.per_review')} ·{' '}
                      {t('drawn.candidates', { count: item.candidates })}
                    </p>
                    <Enrolment item={item} reviewer={reviewer} />
                  </div>
                </li>
              ))}
            </ul>
          )
        }
      </Pages>
    </section>
  )
}

export function Enrolment({ item, reviewer }: { item: Open; reviewer: string }) {
  const { t } = useTexts()
  const client = useQueryClient()
  const params = { path: { batch_id: item.batch_id } }
  const isEnrolled = item.enrolled_at !== null
  const changing = useMutation({
    mutationFn: async () => {
      if (isEnrolled) await api.DELETE('/v1/reviews/batches/{batch_id}/candidacy', { params })
      else await data(api.PUT('/v1/reviews/batches/{batch_id}/candidacy', { params }))
    },
    onSuccess: () => client.invalidateQueries({ queryKey: ['reviews', reviewer, 'candidacies'] }),
  })
  return (
    <>
      {item.against.map(({ code, text }) => (
        <p key={code} className="fine">
          {reasonOf({ t }, new Problem(403, code, text))}
        </p>
      ))}
      {isEnrolled && (
        <p className="notice good" role="status">
          {t('drawn.enrolled')}
        </p>
      )}
      {(isEnrolled || item.against.length === 0) && (
        <p>
          <button
            type="button"
            className={isEnrolled ? 'small' : 'small primary'}
            disabled={changing.isPending}
            onClick={() => changing.mutate()}
          >
            {t(isEnrolled ? 'drawn.leave' : 'drawn.enrol')}
          </button>
        </p>
      )}
      <Refused error={changing.error} />
    </>
  )
}
