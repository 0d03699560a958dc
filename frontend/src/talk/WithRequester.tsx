// On a worker's batch: the way to its thread with the requester, with what is new, and to rating it.
import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useTexts } from '../texts'
import { threadQuery } from './queries'

export default function WithRequester({ batchId, address }: { batchId: string; address: string }) {
  const { t } = useTexts()
  const { data } = useInfiniteQuery(threadQuery(address, batchId, address))
  const unread = data?.pages[0]?.unread ?? 0
  return (
    <p className="beside-work">
      <Link to="/messages/$batchId/$worker" params={{ batchId, worker: address }}>
        {t('messages.with_requester')}
      </Link>
      {unread > 0 && <span className="tag">{t('messages.new', { count: unread })}</span>}
    </p>
  )
}
