// What was found out, and where: or that it was not found.
import { useId } from 'react'
import { useTexts } from '../texts'
import { type AnswerProps, useFocus, useHearing } from './control'

type Given = { found?: boolean; answer?: string; source?: string | null }

export default function Research({ way, answer, onAnswer, onNext, keys, isPreview }: AnswerProps<'research'>) {
  const { t } = useTexts()
  const [text, link] = [useId(), useId()]
  const field = useFocus<HTMLTextAreaElement>(isPreview)
  const given = (answer ?? {}) as Given
  const isMissing = given.found === false
  const put = (part: Given) => {
    const next = { answer: '', source: null, ...given, ...part, found: true }
    onAnswer(next.answer || next.source ? next : undefined)
  }
  const notFound = () => {
    onAnswer(isMissing ? undefined : { found: false, answer: '', source: null })
    if (!isMissing) onNext()
  }
  useHearing(keys, ({ key, typing, ctrl }) => {
    if (typing || ctrl || key.toLowerCase() !== 'n') return false
    notFound()
    return true
  })
  return (
    <>
      <div className="field">
        <label htmlFor={text}>{t('work.answer')}</label>
        <textarea
          id={text}
          ref={field}
          dir="auto"
          rows={4}
          disabled={isMissing}
          value={given.answer ?? ''}
          {...(way.maximum === null ? {} : { maxLength: way.maximum })}
          onChange={({ target }) => put({ answer: target.value })}
        />
      </div>
      <div className="field">
        <label htmlFor={link}>{t('answer.source')}</label>
        <input
          id={link}
          type="url"
          className="wide"
          dir="ltr"
          placeholder="https://"
          maxLength={2_000}
          disabled={isMissing}
          value={given.source ?? ''}
          onChange={({ target }) => put({ source: target.value.trim() || null })}
        />
        <p className="fine">{t('answer.source_hint')}</p>
      </div>
      <button type="button" className="answer" aria-pressed={isMissing} aria-keyshortcuts="n" onClick={notFound}>
        <kbd>N</kbd>
        <span>{t('answer.not_found')}</span>
      </button>
      <p className="fine">{t('work.ctrl_enter_goes_on')}</p>
    </>
  )
}
