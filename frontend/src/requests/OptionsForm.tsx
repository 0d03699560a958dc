// What a task type lets a batch choose, as a form made from its JSON Schema.
import { useTexts } from '../texts'
import type { Key } from '../texts/plural'
import { Choice, Field, Tick } from './Field'
import type { FieldRow, Options } from './plan'
import type { Json } from './table/tasks'

type Props = { schema: Json; options: Options; onChange: (options: Options) => void }

export function OptionsForm({ schema, options, onChange }: Props) {
  const properties = Object.entries((schema['properties'] ?? {}) as Record<string, Json>)
  const put = (name: string, value: unknown) => onChange({ ...options, [name]: value })
  return properties.map(([name, property]) => (
    <Option key={name} name={name} schema={property} value={options[name]} onChange={(value) => put(name, value)} />
  ))
}

type One = { name: string; schema: Json; value: unknown; onChange: (value: unknown) => void }

function Option({ name, schema, value, onChange }: One) {
  const { t } = useTexts()
  const label = t(`option.${name}` as Key)
  if (name === 'fields') return <Fields rows={(value as FieldRow[] | undefined) ?? []} onChange={onChange} />
  if (schema['type'] === 'array') return <Lines label={label} value={value} onChange={onChange} />
  if (schema['type'] === 'boolean') return <Tick label={label} value={value !== false} onChange={onChange} />
  if (schema['type'] === 'integer')
    return (
      <Field
        label={label}
        inputMode="numeric"
        value={value === undefined ? '' : String(value)}
        onChange={(text) => onChange(/^\d{1,9}$/.test(text.trim()) ? Number(text) : undefined)}
      />
    )
  return <Field label={label} value={String(value ?? '')} onChange={onChange} />
}

function Lines({ label, value, onChange }: { label: string; value: unknown; onChange: (value: string[]) => void }) {
  const { t } = useTexts()
  const text = Array.isArray(value) ? value.join('\n') : ''
  const rows = Math.min(10, Math.max(3, text.split('\n').length))
  return (
    <Field
      label={label}
      hint={t('draft.one_a_line')}
      rows={rows}
      value={text}
      onChange={(typed) => onChange(typed === '' ? [] : typed.split('\n'))}
    />
  )
}

const KINDS = ['text', 'long_text', 'number', 'integer', 'yes_no', 'one_of', 'any_of', 'scale', 'date']
const FRESH: FieldRow = { title: '', kind: 'text', choices: [], optional: false }

function Fields({ rows, onChange }: { rows: FieldRow[]; onChange: (rows: FieldRow[]) => void }) {
  const { t, number } = useTexts()
  const change = (at: number, part: Partial<FieldRow>) =>
    onChange(rows.map((row, place) => (place === at ? { ...row, ...part } : row)))
  return (
    <>
      {rows.map((row, at) => (
        <fieldset key={at} className="form-field">
          <legend>{t('draft.form_field', { place: number(at + 1) })}</legend>
          <Field label={t('draft.form_title')} value={row.title} onChange={(title) => change(at, { title })} />
          <Choice
            label={t('draft.form_kind')}
            value={row.kind}
            onChange={(kind) => change(at, { kind })}
            options={KINDS.map((kind) => ({ value: kind, label: t(`form_kind.${kind}` as Key) }))}
          />
          {(row.kind === 'one_of' || row.kind === 'any_of') && (
            <Lines label={t('option.choices')} value={row.choices} onChange={(choices) => change(at, { choices })} />
          )}
          <div className="row spread">
            <Tick
              label={t('draft.form_optional')}
              value={row.optional}
              onChange={(optional) => change(at, { optional })}
            />
            <button type="button" className="small" onClick={() => onChange(rows.filter((_, place) => place !== at))}>
              {t('draft.form_remove')}
            </button>
          </div>
        </fieldset>
      ))}
      <button type="button" onClick={() => onChange([...rows, FRESH])}>
        {t('draft.form_add')}
      </button>
    </>
  )
}
