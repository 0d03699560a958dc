// What became of the newest request for a better answer, and that answer beside the one that is decided on.
import type { Asked } from '../answers/AnswerForm'
import { AnswerView } from '../answers/AnswerView'
import type { Json } from '../answers/schema'
import type { Schemas } from '../api/client'
import { When } from '../parts/chain'
import { useTexts } from '../texts'

type Props = { revision: Schemas['RevisionView']; asked: Asked; content: Json }

export function Revised({ revision, asked, content }: Props) {
  const { t } = useTexts()
  const { state, reason, answer, review_ends_at } = revision
  return (
    <>
      <p className="notice" role="status">
        {t(`revise.state.${state}`)} <q dir="auto">{reason}</q>
        {state === 'open' && review_ends_at !== null && (
          <span className="fine">
            {' · '}
            {t('review.silence')} <When at={review_ends_at} />
          </span>
        )}
      </p>
      {state === 'answered' && (
        <section aria-label={t('revise.better')}>
          <h3>{t('revise.better')}</h3>
          <AnswerView asked={asked} content={content} answer={answer} />
          <p className="fine">{t('revise.better_note')}</p>
        </section>
      )}
    </>
  )
}
