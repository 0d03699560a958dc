// What is wrong with a table, each with its line and column.
import { useTexts } from '../texts'
import type { Key } from '../texts/plural'
import type { Fault } from './table/csv'
import type { Misfit } from './table/tasks'

const SHOWN = 8

export function Faults({ faults, count, columns }: { faults: Fault[]; count: number; columns: string[] }) {
  const { t } = useTexts()
  const lines = faults.map(({ code, line, column, detail }) => ({
    where: t('fault.at', { line, column: named(column, columns) }),
    what: t(`fault.${code}` as Key, { detail: detail.slice(0, 80) }),
  }))
  return <Lines lines={lines} count={count} />
}

export function Misfits({ misfits, count }: { misfits: Misfit[]; count: number }) {
  const { t } = useTexts()
  const lines = misfits.map(({ code, line, column, detail }) => ({
    where: t('fault.at', { line, column: column || '–' }),
    what: t(`misfit.${code}` as Key, { detail }),
  }))
  return <Lines lines={lines} count={count} />
}

function Lines({ lines, count }: { lines: { where: string; what: string }[]; count: number }) {
  const { t } = useTexts()
  return (
    <>
      <ul className="faults">
        {lines.slice(0, SHOWN).map(({ where, what }, at) => (
          <li key={at}>
            <strong>{where}</strong> {what}
          </li>
        ))}
      </ul>
      {count > SHOWN && <p>{t('fault.more', { count: count - SHOWN })}</p>}
    </>
  )
}

/** A column's place, and its name in the header if it has one. */
function named(place: number, columns: string[]): string {
  const name = columns[place - 1]
  return name ? `${place} (${name})` : String(place)
}
