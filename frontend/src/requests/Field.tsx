// One labelled field of a form, with what it means below it.
import { type ReactNode, useId } from 'react'

type Props = {
  label: string
  hint?: string | undefined
  value: string
  onChange: (value: string) => void
  rows?: number
  /** Characters at most. */
  most?: number
  inputMode?: 'numeric' | 'decimal'
  after?: ReactNode
  isWrong?: boolean
}

export function Field({ label, hint, value, onChange, rows, most, inputMode, after, isWrong = false }: Props) {
  const id = useId()
  const shared = {
    id,
    dir: 'auto' as const,
    value,
    'aria-describedby': hint ? `${id}-hint` : undefined,
    ...(most ? { maxLength: most } : {}),
    'aria-invalid': isWrong || undefined,
  }
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {rows ? (
        <textarea {...shared} rows={rows} onChange={(event) => onChange(event.target.value)} />
      ) : (
        <span className="with-unit">
          <input {...shared} inputMode={inputMode} onChange={(event) => onChange(event.target.value)} />
          {after && <span className="fine">{after}</span>}
        </span>
      )}
      {hint && (
        <p id={`${id}-hint`} className="fine">
          {hint}
        </p>
      )}
    </div>
  )
}

export function Choice(props: {
  label: string
  value: string
  onChange: (value: string) => void
  options: { value: string; label: string }[]
}) {
  const id = useId()
  return (
    <div className="field">
      <label htmlFor={id}>{props.label}</label>
      <select id={id} value={props.value} onChange={(event) => props.onChange(event.target.value)}>
        {props.options.map(({ value, label }) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
      </select>
    </div>
  )
}

export function Tick({ label, value, onChange }: { label: string; value: boolean; onChange: (on: boolean) => void }) {
  return (
    <label className="tick">
      <input type="checkbox" checked={value} onChange={(event) => onChange(event.target.checked)} />{' '}
      <span>{label}</span>
    </label>
  )
}
