// Step three: title, instructions and what can be answered, beside the worker's screen.
import type { Schemas } from '../../api/client'
import { reasonOf } from '../../parts/states'
import { useTexts } from '../../texts'
import { Misfits } from '../Faults'
import { Field } from '../Field'
import { OptionsForm } from '../OptionsForm'
import { Preview } from '../Preview'
import type { Plan } from '../plan'
import type { Checked } from '../table/table.worker'
import type { Json } from '../table/tasks'

type Props = {
  kind: Schemas['TaskTypeView']
  plan: Plan
  change: (part: Partial<Plan>) => void
  schema: Json | undefined
  schemaError: unknown
  checked: Checked | undefined
}

export function Wording({ kind, plan, change, schema, schemaError, checked }: Props) {
  const { t } = useTexts()
  return (
    <div className="beside">
      <div className="card">
        <Field label={t('draft.title_field')} value={plan.title} onChange={(title) => change({ title })} />
        <Field
          label={t('work.instructions')}
          hint={t('draft.instructions_hint')}
          rows={6}
          value={plan.instructions}
          onChange={(instructions) => change({ instructions })}
        />
        <OptionsForm schema={kind.options} options={plan.options} onChange={(options) => change({ options })} />
        {schemaError != null && (
          <p className="notice warn" role="status">
            {reasonOf({ t }, schemaError)}
          </p>
        )}
        {checked && checked.strayCount > 0 && (
          <div className="notice warn" role="status">
            <Misfits misfits={checked.strays} count={checked.strayCount} />
          </div>
        )}
      </div>
      <Preview
        type={kind.name}
        title={plan.title}
        instructions={plan.instructions}
        tasks={checked?.sample ?? []}
        schema={schema}
      />
    </div>
  )
}
