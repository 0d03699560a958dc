// One answer: choices with keys, free text, a number, or an honest notice.
import { useEffect, useRef } from 'react'
import { useTexts } from '../texts'
import type { Way } from './content'

type Props = { way: Way; answer: unknown; onAnswer: (answer: unknown) => void; onNext: () => void; isPreview?: boolean }

export function AnswerForm({ way, answer, onAnswer, onNext, isPreview = false }: Props) {
  const { t } = useTexts()
  if (way.kind === 'choice')
    return (
      <fieldset className="answers">
        <legend className="visually-hidden">{t('work.answer')}</legend>
        {way.choices.map(({ value, label, key }) => (
          <button
            key={label}
            type="button"
            className="answer"
            dir="auto"
            aria-pressed={answer === value}
            aria-keyshortcuts={key || undefined}
            onClick={() => {
              onAnswer(value)
              onNext()
            }}
          >
            {key && <kbd>{key.toUpperCase()}</kbd>}
            <span>{label}</span>
          </button>
        ))}
      </fieldset>
    )
  if (way.kind === 'unknown') return <p className="notice warn">{t('work.unknown_kind')}</p>
  return <Typed way={way} answer={answer} onAnswer={onAnswer} onNext={onNext} isPreview={isPreview} />
}

function Typed({
  way,
  answer,
  onAnswer,
  onNext,
  isPreview,
}: Props & { way: Extract<Way, { kind: 'text' | 'number' }> }) {
  const { t } = useTexts()
  const field = useRef<HTMLTextAreaElement & HTMLInputElement>(null)
  useEffect(() => {
    if (!isPreview) field.current?.focus()
  }, [isPreview])
  const shown = answer === undefined ? '' : String(answer)
  const id = 'answer-field'
  if (way.kind === 'number')
    return (
      <div className="field">
        <label htmlFor={id}>{t('work.answer')}</label>
        <input
          id={id}
          ref={field}
          type="number"
          step={way.whole ? 1 : 'any'}
          value={shown}
          onChange={(event) => onAnswer(event.target.value === '' ? undefined : event.target.valueAsNumber)}
          onKeyDown={(event) => event.key === 'Enter' && onNext()}
        />
        <p className="fine">{t('work.enter_goes_on')}</p>
      </div>
    )
  return (
    <div className="field">
      <label htmlFor={id}>{t('work.answer')}</label>
      <textarea
        id={id}
        ref={field}
        dir="auto"
        rows={5}
        value={shown}
        {...(way.maximum === null ? {} : { maxLength: way.maximum })}
        onChange={(event) => onAnswer(event.target.value === '' ? undefined : event.target.value)}
        onKeyDown={(event) => {
          if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return
          event.preventDefault()
          onNext()
        }}
      />
      <p className="fine">{t('work.ctrl_enter_goes_on')}</p>
    </div>
  )
}

/** Whether an answer is complete by its schema's own bounds; the gateway checks again. */
export function isAnswered(way: Way, answer: unknown): boolean {
  if (answer === undefined) return false
  if (way.kind === 'text') return typeof answer === 'string' && answer.trim().length >= way.minimum
  if (way.kind === 'number') return typeof answer === 'number' && Number.isFinite(answer)
  return true
}
