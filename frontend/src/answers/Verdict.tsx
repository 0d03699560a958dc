// A verdict on somebody's answer, and why: the answer stands above, and a key accepts or rejects it.
import { useRef } from 'react'
import { Field } from '../requests/Field'
import { useTexts } from '../texts'
import { AnswerView } from './AnswerView'
import { type AnswerProps, useHearing } from './control'
import { judgedOf } from './review'

type Given = { verdict?: 'accept' | 'reject'; reason?: string; of?: string }
const MOST_CHARACTERS = 1_500

export default function Verdict({ content, answer, onAnswer, keys }: AnswerProps<'verdict'>) {
  const { t } = useTexts()
  const judged = judgedOf(content)
  const given = (answer ?? {}) as Given
  const reason = useRef<HTMLDivElement>(null)
  const decide = (verdict: 'accept' | 'reject') => {
    onAnswer({ ...given, verdict, of: judged.of })
    reason.current?.querySelector('textarea')?.focus()
  }
  useHearing(keys, ({ key, ctrl, typing }) => {
    if (typing || ctrl) return false
    if (key === 'a') decide('accept')
    else if (key === 'r') decide('reject')
    else return false
    return true
  })
  return (
    <>
      <details open>
        <summary>{t('drawn.batch')}</summary>
        <h3 dir="auto">{judged.title}</h3>
        <p className="instructions" dir="auto">
          {judged.instructions}
        </p>
      </details>
      <section aria-label={t('drawn.judge')}>
        <h3>{t('drawn.judge')}</h3>
        <AnswerView
          asked={{ type: judged.type, schema: judged.schema }}
          content={judged.content}
          answer={judged.answer}
        />
      </section>
      <fieldset className="answers">
        <legend className="fine">{t('drawn.verdict')}</legend>
        {(['accept', 'reject'] as const).map((verdict) => (
          <button
            key={verdict}
            type="button"
            className="answer"
            aria-pressed={given.verdict === verdict}
            aria-keyshortcuts={verdict.charAt(0)}
            onClick={() => decide(verdict)}
          >
            <kbd>{verdict === 'accept' ? 'A' : 'R'}</kbd> {t(`review.${verdict}`)}
          </button>
        ))}
      </fieldset>
      <div ref={reason}>
        <Field
          label={t('drawn.reason')}
          hint={t('drawn.reason_hint')}
          rows={2}
          most={MOST_CHARACTERS}
          value={given.reason ?? ''}
          onChange={(text) => {
            const { reason: _, ...rest } = given
            onAnswer({ ...rest, of: judged.of, ...(text ? { reason: text } : {}) })
          }}
        />
      </div>
    </>
  )
}
