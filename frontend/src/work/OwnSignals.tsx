// What was noticed in the reader's own answers to a batch, why, and how to answer it; what was closed again.
import { useQuery } from '@tanstack/react-query'
import { useTexts } from '../texts'
import type { Key } from '../texts/plural'
import { ownSignalsQuery } from './queries'

export function OwnSignals({ batchId, address }: { batchId: string; address: string }) {
  const { t, number } = useTexts()
  const { data: own } = useQuery(ownSignalsQuery(address, batchId))
  if (!own || own.items.length + (own.closed?.length ?? 0) === 0) return null
  return (
    <section className="card" aria-labelledby="own-signals">
      <h2 id="own-signals">{t('signals.title')}</h2>
      {own.items.length > 0 && (
        <p>
          {t('signals.note')}
          {own.tasks_at_a_time != null && ` ${t('signals.limit', { count: number(own.tasks_at_a_time) })}`}
        </p>
      )}
      {own.items.map((item) => (
        <details key={item.signal} className="notice warn">
          <summary>{t(`signal.${item.signal}` as Key)}</summary>
          <p lang="en" dir="ltr">
            {item.seen}
          </p>
          <p lang="en" dir="ltr">
            {item.how_to_answer}
          </p>
        </details>
      ))}
      {own.closed?.map((item) => (
        <p key={`${item.signal} ${item.closed_at}`} className="notice good">
          {t(item.closed_by === 'operator' ? 'signals.closed_by_operator' : 'signals.closed', {
            name: t(`signal.${item.signal}` as Key),
          })}{' '}
          <q dir="auto">{item.reason}</q>
        </p>
      ))}
    </section>
  )
}
