// Where money is, as a sum that must come out even.
import type { Schemas } from '../api/client'
import { Money } from '../parts/chain'
import { useTexts } from '../texts'

type Line = { name: string; label: string; units: string; total?: boolean }

/** Lines that add up to the first one, or a red line that says by how much they do not. */
export function Sum({ title, lines, difference }: { title: string; lines: Line[]; difference: string }) {
  const { t } = useTexts()
  const even = difference === '0'
  return (
    <section className="card sum">
      <h2>{title}</h2>
      <dl>
        {lines.map((line) => (
          <div key={line.name} className={line.total ? 'total' : ''}>
            <dt>{line.label}</dt>
            <dd>
              <Money units={line.units} />
            </dd>
          </div>
        ))}
      </dl>
      <p className={even ? 'notice good' : 'notice bad'} role={even ? undefined : 'alert'}>
        {even ? t('money.even') : t('money.uneven')} {!even && <Money units={difference} />}
      </p>
    </section>
  )
}

const PARTS = ['paid', 'operator_fee', 'returned_fee', 'refunded', 'held'] as const

export function WorkMoney({ money }: { money: Schemas['Money'] }) {
  const { t } = useTexts()
  const lines: Line[] = PARTS.map((name) => ({ name, label: t(`money.${name}`), units: money[`${name}_units`] }))
  lines.unshift({ name: 'funded', label: t('money.funded'), units: money.funded_units, total: true })
  return <Sum title={t('money.title')} lines={lines} difference={money.difference_units} />
}

export function EscrowMoney({ totals }: { totals: Schemas['Totals'] }) {
  const { t } = useTexts()
  const lines: Line[] = [
    {
      name: 'net',
      label: t('money.net'),
      units: String(BigInt(totals.deposited_units) - BigInt(totals.withdrawn_units)),
      total: true,
    },
    { name: 'accounts', label: t('money.accounts'), units: totals.account_units },
    { name: 'held', label: t('money.held'), units: totals.money.held_units },
    { name: 'locked', label: t('money.locked'), units: totals.money.locked_units },
    { name: 'bonds', label: t('money.bonds'), units: totals.money.bond_units },
  ]
  if (totals.balance_units != null)
    lines.push({ name: 'balance', label: t('money.balance'), units: totals.balance_units, total: true })
  const short = totals.surplus_units?.startsWith('-') ? totals.surplus_units : totals.difference_units
  return <Sum title={t('money.title_all')} lines={lines} difference={short} />
}

/** Dispute money and gifts: beside the batch's own. */
export function OtherMoney({ money }: { money: Schemas['Money'] }) {
  const { t } = useTexts()
  const lines = (['arbitration', 'locked', 'bond', 'bonus'] as const).filter((name) => money[`${name}_units`] !== '0')
  if (lines.length === 0) return null
  return (
    <section className="card sum">
      <h2>{t('money.beside')}</h2>
      <dl>
        {lines.map((name) => (
          <div key={name}>
            <dt>{t(`money.beside.${name}`)}</dt>
            <dd>
              <Money units={money[`${name}_units`]} />
            </dd>
          </div>
        ))}
      </dl>
    </section>
  )
}
