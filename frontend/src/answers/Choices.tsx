// One of a few answers, or all that fit: a button and a key for each.
import { useTexts } from '../texts'
import { type AnswerProps, useHearing } from './control'
import { isChosen, toggled } from './toggled'
import type { Choice } from './way'

export function Choices({ way, answer, onAnswer, onNext, keys }: AnswerProps<'choice' | 'several'>) {
  const { t } = useTexts()
  const many = way.kind === 'several'
  const choose = ({ value }: Choice) => {
    if (many) return onAnswer(toggled(way.choices, answer, value))
    onAnswer(value)
    onNext()
  }
  useHearing(keys, ({ key, ctrl, typing, onControl }) => {
    if (typing || ctrl) return false
    const choice = way.choices.find((option) => option.key === key.toLowerCase())
    if (choice) choose(choice)
    else if (many && key === '0' && way.choices.length < 10) onAnswer([])
    else if (many && key === 'Enter' && !onControl) onNext()
    else return false
    return true
  })
  return (
    <>
      <fieldset className="answers">
        <legend className={many ? 'fine' : 'visually-hidden'}>{t(many ? 'answer.all_that_fit' : 'work.answer')}</legend>
        {way.choices.map((choice) => (
          <button
            key={choice.label}
            type="button"
            className="answer"
            dir="auto"
            aria-pressed={many ? isChosen(answer, choice.value) : answer === choice.value}
            aria-keyshortcuts={choice.key || undefined}
            onClick={() => choose(choice)}
          >
            {choice.key && <kbd>{choice.key.toUpperCase()}</kbd>}
            <span>{choice.word ? t(choice.word) : choice.label}</span>
          </button>
        ))}
        {many && (
          <button
            type="button"
            className="answer"
            aria-pressed={Array.isArray(answer) && answer.length === 0}
            aria-keyshortcuts="0"
            onClick={() => onAnswer([])}
          >
            {way.choices.length < 10 && <kbd>0</kbd>}
            <span>{t('answer.none_fits')}</span>
          </button>
        )}
      </fieldset>
      {many && <p className="fine">{t('work.enter_goes_on')}</p>}
    </>
  )
}
