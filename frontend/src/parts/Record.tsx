// A requester's record in a line of text.
import { useQuery } from '@tanstack/react-query'
import { useTexts } from '../texts'
import { requesterQuery } from '../work/queries'

/** What the requester did so far, in a few words. */
export function Record({ of }: { of: string }) {
  const { t, percent } = useTexts()
  const { data } = useQuery(requesterQuery(of))
  if (!data) return null
  const { accepted, rejected, overturned } = data.as_requester
  const decided = accepted + rejected
  if (decided === 0) return <span>{t('record.new')}</span>
  return (
    <span>
      {t('record.accepts', { share: percent(accepted / decided), count: decided })}
      {overturned > 0 && ` · ${t('record.overturned', { count: overturned })}`}
    </span>
  )
}
