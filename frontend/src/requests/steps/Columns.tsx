// Step two: which column fills what the worker sees.
import type { Schemas } from '../../api/client'
import { Table } from '../../parts/Table'
import { type Texts, useTexts } from '../../texts'
import en from '../../texts/en.json'
import type { Key } from '../../texts/plural'
import { Misfits } from '../Faults'
import { Choice } from '../Field'
import type { Plan } from '../plan'
import type { Checked, Summary } from '../table/table.worker'
import { fieldsOf, type Mapping } from '../table/tasks'

type Props = {
  kind: Schemas['TaskTypeView']
  plan: Plan
  mapping: Mapping
  change: (part: Partial<Plan>) => void
  summary: Summary
  checked: Checked | undefined
}

/** What a field of the content is called, in the reader's language where it is one of ours. */
function contentName(t: Texts['t'], name: string): string {
  return `content.${name}` in en ? t(`content.${name}` as Key) : name
}

export function Columns({ kind, mapping, change, summary, checked }: Props) {
  const { t } = useTexts()
  const set = (part: Partial<Mapping>) => change({ mapping: { ...mapping, ...part } })
  const columns = summary.columns.map((name) => ({ value: name, label: name }))
  const none = { value: '', label: t('draft.no_column') }
  return (
    <>
      <div className="card columns">
        {fieldsOf(kind.content, kind.shows).map(({ name, isObject, isRequired }) => {
          const group = `${name}.*`
          const hasGroup = isObject && summary.columns.some((column) => column.startsWith(`${name}.`))
          return (
            <Choice
              key={name}
              label={t(isRequired ? 'draft.field_required' : 'draft.field', { name: contentName(t, name) })}
              value={mapping.fields[name] ?? ''}
              onChange={(column) => set({ fields: { ...mapping.fields, [name]: column || null } })}
              options={[none, ...(hasGroup ? [{ value: group, label: group }] : []), ...columns]}
            />
          )
        })}
        <Choice
          label={t('draft.id_column')}
          value={mapping.id ?? ''}
          onChange={(column) => set({ id: column || null })}
          options={[{ value: '', label: t('draft.numbered') }, ...columns]}
        />
        <Choice
          label={t('draft.known_column')}
          value={mapping.known ?? ''}
          onChange={(column) => set({ known: column || null })}
          options={[none, ...columns]}
        />
      </div>
      <p className="fine">{t('draft.known_hint')}</p>
      {checked && checked.misfitCount > 0 && (
        <div className="notice bad" role="alert">
          <Misfits misfits={checked.misfits} count={checked.misfitCount} />
        </div>
      )}
      {checked && checked.misfitCount === 0 && (
        <p role="status" className="steps confirmed">
          {t('draft.fits', { count: checked.tasks })} {checked.known > 0 && t('draft.known', { count: checked.known })}
        </p>
      )}
      <h3>{t('draft.first_rows')}</h3>
      <Table label={t('draft.first_rows')} head={summary.columns}>
        {summary.sample.slice(0, 5).map((cells, row) => (
          <tr key={row}>
            {cells.map((cell, at) => (
              <td key={at} dir="auto" className="cell">
                {cell}
              </td>
            ))}
          </tr>
        ))}
      </Table>
    </>
  )
}
