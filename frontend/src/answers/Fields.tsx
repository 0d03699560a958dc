// A form: a control for each field, as its kind asks.
import { useId } from 'react'
import { useTexts } from '../texts'
import { type AnswerProps, useFocus } from './control'
import type { Json } from './schema'
import { isChosen, toggled } from './toggled'
import { type Field, labelOf } from './way'

const FEW = 7

export default function Fields({ way, answer, onAnswer, isPreview }: AnswerProps<'fields'>) {
  const { t } = useTexts()
  const place = useFocus<HTMLDivElement>(isPreview)
  const given = typeof answer === 'object' && answer !== null ? (answer as Json) : {}
  const put = (name: string, value: unknown) => {
    const { [name]: _, ...rest } = given
    const next = value === undefined ? rest : { ...rest, [name]: value }
    onAnswer(Object.keys(next).length > 0 ? next : undefined)
  }
  return (
    <div className="answer-fields" ref={place} tabIndex={-1}>
      {way.fields.map((field) => (
        <One key={field.name} field={field} value={given[field.name]} onValue={(value) => put(field.name, value)} />
      ))}
      <p className="fine">{t('work.ctrl_enter_goes_on')}</p>
    </div>
  )
}

type OneProps = { field: Field; value: unknown; onValue: (value: unknown) => void }

function One({ field, value, onValue }: OneProps) {
  const { t, number } = useTexts()
  const id = useId()
  const title = (
    <>
      <bdi>{field.title}</bdi> {field.isOptional && <span className="fine">{t('answer.optional')}</span>}
    </>
  )
  switch (field.kind) {
    case 'yes_no':
      return <Row title={title} choices={[true, false]} value={value} onValue={onValue} say={(v) => t(yesNo(v))} />
    case 'scale': {
      const steps = Array.from({ length: field.most - field.least + 1 }, (_, step) => field.least + step)
      return <Row title={title} choices={steps} value={value} onValue={onValue} say={(v) => number(Number(v))} />
    }
    case 'any_of':
      return <Row title={title} choices={field.choices} value={value} onValue={onValue} say={labelOf} many />
    case 'one_of':
      if (field.choices.length <= FEW)
        return <Row title={title} choices={field.choices} value={value} onValue={onValue} say={labelOf} />
      return (
        <div className="field">
          <label htmlFor={id}>{title}</label>
          <select
            id={id}
            className="tall"
            value={value === undefined ? '' : String(field.choices.indexOf(value))}
            onChange={({ target }) => onValue(target.value === '' ? undefined : field.choices[Number(target.value)])}
          >
            <option value="">{t('answer.choose')}</option>
            {field.choices.map((choice, place) => (
              <option key={labelOf(choice)} value={place}>
                {labelOf(choice)}
              </option>
            ))}
          </select>
        </div>
      )
  }
  return (
    <div className="field">
      <label htmlFor={id}>{title}</label>
      <Typed id={id} field={field} value={value} onValue={onValue} />
    </div>
  )
}

function yesNo(value: unknown): 'answer.yes' | 'answer.no' {
  return value ? 'answer.yes' : 'answer.no'
}

function Typed({ id, field, value, onValue }: OneProps & { id: string }) {
  const most = field.schema['maxLength']
  const limit = typeof most === 'number' ? { maxLength: most } : {}
  const shown = value === undefined ? '' : String(value)
  const text = (typed: string) => onValue(typed === '' ? undefined : typed)
  if (field.kind === 'long_text')
    return (
      <textarea id={id} dir="auto" rows={4} value={shown} {...limit} onChange={({ target }) => text(target.value)} />
    )
  if (field.kind === 'number' || field.kind === 'integer')
    return (
      <input
        id={id}
        type="number"
        step={field.kind === 'integer' ? 1 : 'any'}
        value={shown}
        onChange={({ target }) => onValue(target.value === '' ? undefined : target.valueAsNumber)}
      />
    )
  if (field.kind === 'date')
    return <input id={id} type="date" value={shown} onChange={({ target }) => text(target.value)} />
  return (
    <input
      id={id}
      type="text"
      className="wide"
      dir="auto"
      value={shown}
      {...limit}
      onChange={({ target }) => text(target.value)}
    />
  )
}

type RowProps = {
  title: React.ReactNode
  choices: unknown[]
  value: unknown
  onValue: (value: unknown) => void
  say: (value: unknown) => string
  many?: boolean
}

/** A few choices beside each other: radio buttons, or boxes to tick. */
function Row({ title, choices, value, onValue, say, many = false }: RowProps) {
  const { t } = useTexts()
  const name = useId()
  return (
    <fieldset className="field-row">
      <legend>{title}</legend>
      <div>
        {choices.map((choice) => (
          <label key={labelOf(choice)} className="option">
            <input
              type={many ? 'checkbox' : 'radio'}
              name={name}
              checked={many ? isChosen(value, choice) : value === choice}
              onChange={() =>
                onValue(
                  many
                    ? toggled(
                        choices.map((each) => ({ value: each })),
                        value,
                        choice,
                      )
                    : choice,
                )
              }
            />
            <span dir="auto">{say(choice)}</span>
          </label>
        ))}
        {value !== undefined && (
          <button type="button" className="plain small" onClick={() => onValue(undefined)}>
            {t('answer.clear')}
          </button>
        )}
      </div>
    </fieldset>
  )
}
