// Whether something keeps the rules: a decision, and the rule that is broken unless it is allowed.
import { useId } from 'react'
import { useTexts } from '../texts'
import { type AnswerProps, useHearing } from './control'

type Given = { decision?: string; rule?: string | null; note?: string }
const RULE_KEYS = 'abcdefghijklmnopqrstuvwxyz'
const MOST = 1_000

export default function Moderation({ way, answer, onAnswer, onNext, keys }: AnswerProps<'moderation'>) {
  const { t } = useTexts()
  const note = useId()
  const given = (answer ?? {}) as Given
  const isAllowed = given.decision === 'allow'
  const decide = (decision: string) => {
    const rule = decision === 'allow' ? null : given.rule
    const { rule: _, ...rest } = given
    onAnswer({ ...rest, decision, ...(rule === undefined || (rule === null && decision !== 'allow') ? {} : { rule }) })
    if (decision === 'allow') onNext()
  }
  const blame = (rule: string) => {
    onAnswer({ ...given, rule })
    if (given.decision && !isAllowed) onNext()
  }
  const needsRule = given.decision !== undefined && !isAllowed
  useHearing(keys, ({ key, ctrl, typing }) => {
    if (typing || ctrl) return false
    const decision = way.decisions.find((option) => option.key === key)
    const rule = needsRule ? way.rules[RULE_KEYS.indexOf(key.toLowerCase())] : undefined
    if (decision) decide(String(decision.value))
    else if (rule !== undefined && key.length === 1) blame(rule)
    else return false
    return true
  })
  return (
    <>
      <fieldset className="answers">
        <legend className="visually-hidden">{t('work.answer')}</legend>
        {way.decisions.map(({ value, label, word, key }) => (
          <button
            key={label}
            type="button"
            className="answer"
            aria-pressed={given.decision === value}
            aria-keyshortcuts={key}
            onClick={() => decide(String(value))}
          >
            <kbd>{key}</kbd>
            <span>{word ? t(word) : label}</span>
          </button>
        ))}
      </fieldset>
      {needsRule && (
        <fieldset className="answers">
          <legend className="fine">{t('answer.which_rule')}</legend>
          {way.rules.map((rule, place) => (
            <button
              key={rule}
              type="button"
              className="answer"
              dir="auto"
              aria-pressed={given.rule === rule}
              aria-keyshortcuts={RULE_KEYS[place]}
              onClick={() => blame(rule)}
            >
              {RULE_KEYS[place] && <kbd>{RULE_KEYS[place]?.toUpperCase()}</kbd>}
              <span>{rule}</span>
            </button>
          ))}
        </fieldset>
      )}
      <details className="field" open={Boolean(given.note)}>
        <summary>{t('answer.add_note')}</summary>
        <label htmlFor={note} className="visually-hidden">
          {t('answer.note')}
        </label>
        <textarea
          id={note}
          dir="auto"
          rows={2}
          maxLength={MOST}
          value={given.note ?? ''}
          onChange={({ target }) => {
            const { note: _, ...rest } = given
            onAnswer(target.value ? { ...rest, note: target.value } : rest)
          }}
        />
      </details>
    </>
  )
}
