// Step one: what kind of task, and where the tasks come from.
import { useQuery } from '@tanstack/react-query'
import { useId } from 'react'
import { formatUnits } from 'viem'
import type { Schemas } from '../../api/client'
import { useSession } from '../../chain/session'
import { Failed, Loading, Shown } from '../../parts/states'
import { useTexts } from '../../texts'
import type { Key } from '../../texts/plural'
import { Faults } from '../Faults'
import type { FieldRow, Options, Plan } from '../plan'
import { taskTypesQuery } from '../queries'
import { writeCsv } from '../table/csv'
import { fieldsOf, guess } from '../table/tasks'
import type { TableState } from '../useTable'

type Kind = Schemas['TaskTypeView']
type Props = { plan: Plan; change: (part: Partial<Plan>) => void; table: TableState }

export function Source({ plan, change, table }: Props) {
  const { t } = useTexts()
  const { chain } = useSession()
  const types = useQuery(taskTypesQuery)
  const choose = (kind: Kind) => {
    if (kind.name === plan.type) return
    const columns = table.summary?.columns ?? []
    const options = optionsOf(kind.example['options'] as Options)
    change({ type: kind.name, options, mapping: columns.length ? guessFor(kind, columns) : null })
  }
  const begin = (kind: Kind) => {
    const { title, instructions, reward_units, answers_per_task, estimated_seconds_per_task } = kind.example
    const csv = exampleCsv(kind)
    change({
      title: String(title),
      instructions: String(instructions),
      options: optionsOf(kind.example['options'] as Options),
      answersPerTask: String(answers_per_task),
      seconds: String(estimated_seconds_per_task),
      mapping: guessFor(kind, csv.columns),
      ...(plan.reward ? {} : { reward: formatUnits(BigInt(String(reward_units)), chain.token.decimals) }),
    })
    void table.take(csv.text)
  }
  return (
    <Shown query={types}>
      {(kinds) => {
        const kind = kinds.find(({ name }) => name === plan.type)
        return (
          <>
            <fieldset className="kinds">
              <legend>{t('draft.kind')}</legend>
              {kinds.map((each) => (
                <label key={each.name} className="kind">
                  <input type="radio" name="kind" checked={each.name === plan.type} onChange={() => choose(each)} />
                  <span>
                    <strong>{t(`kind.${each.name}` as Key)}</strong>
                  </span>
                </label>
              ))}
            </fieldset>
            {kind && <Rows kind={kind} plan={plan} change={change} table={table} begin={() => begin(kind)} />}
          </>
        )
      }}
    </Shown>
  )
}

function Rows({ kind, plan, change, table, begin }: Props & { kind: Kind; begin: () => void }) {
  const { t } = useTexts()
  const { summary, refused, isUnreadable } = table
  const [fileId, textId] = [useId(), useId()]
  const took = async (given: File | string) => {
    await table.take(given)
    change({ mapping: null })
  }
  return (
    <section className="card">
      <h3>{t('draft.tasks_from')}</h3>
      <p className="fine">{t('draft.tasks_hint', { columns: kind.shows.join(', ') })}</p>
      <div className="choices">
        <label htmlFor={fileId} className="button primary">
          {t('draft.upload')}
        </label>
        <input
          id={fileId}
          className="visually-hidden"
          type="file"
          accept=".csv,.tsv,.txt,text/csv"
          onChange={(event) => {
            const file = event.target.files?.[0]
            event.target.value = ''
            if (file) void took(file)
          }}
        />
        <button type="button" onClick={begin}>
          {t('draft.template')}
        </button>
      </div>
      {table.isReading && <Loading />}
      {refused && (
        <div className="notice bad" role="alert">
          <p>{t(summary ? 'draft.refused_kept' : 'draft.refused')}</p>
          <Faults faults={refused.faults} count={refused.faultCount} columns={refused.columns} />
        </div>
      )}
      {isUnreadable && <Failed error={new Error(t(summary ? 'draft.unreadable_kept' : 'draft.unreadable'))} />}
      {plan.source?.kind !== 'file' && (
        <div className="field">
          <label htmlFor={textId}>{t('draft.typed')}</label>
          <textarea
            id={textId}
            className="csv"
            dir="auto"
            rows={6}
            spellCheck={false}
            value={plan.source?.kind === 'text' ? plan.source.text : ''}
            onChange={(event) => void took(event.target.value)}
          />
        </div>
      )}
      {summary && summary.faultCount > 0 && plan.source?.kind === 'text' && plan.source.text && (
        <div className="notice warn" role="status">
          <Faults faults={summary.faults} count={summary.faultCount} columns={summary.columns} />
        </div>
      )}
      {summary && summary.rows > 0 && summary.faultCount === 0 && (
        <p role="status" className="steps confirmed">
          {t('draft.rows', { count: summary.rows })}
          {plan.source?.kind === 'file' && plan.source.name && <span dir="auto"> · {plan.source.name}</span>}
        </p>
      )}
      {!table.isReading && !isUnreadable && plan.source?.kind === 'file' && !summary && (
        <Failed error={new Error(t('draft.file_gone'))} />
      )}
    </section>
  )
}

export function guessFor(kind: Kind, columns: string[]) {
  const fields = fieldsOf(kind.content, kind.shows)
  return guess(
    columns,
    fields.map(({ name }) => name),
    fields.filter(({ isObject }) => isObject).map(({ name }) => name),
  )
}

/** Options of an example as the form holds them: choices are texts, fields have a row each. */
function optionsOf(options: Options): Options {
  return Object.fromEntries(
    Object.entries(options).map(([name, value]) => {
      if (name === 'fields')
        return [
          name,
          (value as Partial<FieldRow>[]).map(({ title = '', kind = 'text', choices = [], optional = false }) => ({
            title,
            kind,
            choices,
            optional,
          })),
        ]
      return [name, Array.isArray(value) ? value.map(String) : value]
    }),
  )
}

function exampleCsv(kind: Kind): { columns: string[]; text: string } {
  const tasks = kind.example['tasks'] as { id: string; content: Record<string, unknown> }[]
  const flat = tasks.map(({ id, content }) => {
    const cells: Record<string, string> = { id }
    for (const [name, value] of Object.entries(content)) {
      if (value !== null && typeof value === 'object')
        for (const [inner, part] of Object.entries(value)) cells[`${name}.${inner}`] = String(part)
      else cells[name] = String(value)
    }
    return cells
  })
  const columns = [...new Set(flat.flatMap((cells) => Object.keys(cells)))]
  return {
    columns,
    text: writeCsv(
      columns,
      flat.map((cells) => columns.map((column) => cells[column] ?? '')),
    ),
  }
}
