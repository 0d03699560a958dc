// What helps to judge an answer: the known one, what others said, and what looked odd about its worker.
import { useQuery } from '@tanstack/react-query'
import type { Asked } from '../answers/AnswerForm'
import { answerText } from '../answers/says'
import { wayOf } from '../answers/way'
import { canonical } from '../chain/checks'
import { useTexts } from '../texts'
import type { Key } from '../texts/plural'
import { ClosingSignal } from './ClosingSignal'
import { signalsQuery } from './queries'
import type { Answer } from './verdicts'

export function Facts({ batchId, asked, answer }: { batchId: string; asked: Asked; answer: Answer }) {
  const texts = useTexts()
  const { t } = texts
  const { data: signals } = useQuery(signalsQuery(batchId))
  const odd = signals?.items.filter(({ worker }) => worker === answer.worker) ?? []
  const isRight = answer.isKnown && canonical(answer.knownAnswer) === canonical(answer.answer)
  return (
    <>
      {answer.isKnown && (
        <p className={isRight ? 'notice good' : 'notice warn'}>
          {t(isRight ? 'review.known_right' : 'review.known_wrong')}{' '}
          {!isRight && <q dir="auto">{answerText(texts, wayOf(asked.type, asked.schema), answer.knownAnswer)}</q>}
        </p>
      )}
      <p className="fine">
        {answer.others > 0 ? t('review.alike', { alike: answer.alike, count: answer.others }) : t('review.alone')}
      </p>
      {odd.map((item) => (
        <details key={item.signal} className="notice warn">
          <summary>{t(`signal.${item.signal}` as Key)}</summary>
          <p lang="en" dir="ltr">
            {item.seen}
          </p>
          <ClosingSignal batchId={batchId} found={item} />
        </details>
      ))}
    </>
  )
}
