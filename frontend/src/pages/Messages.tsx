// One's threads, the newest first.
import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { Schemas } from '../api/client'
import { useLive } from '../api/live'
import { useSession } from '../chain/session'
import { Address, When } from '../parts/chain'
import { Pages } from '../parts/Pages'
import { Gate } from '../parts/SignIn'
import { Empty } from '../parts/states'
import { messagesKey, threadsQuery } from '../talk/queries'
import { useTexts } from '../texts'

export default function Messages() {
  const { t } = useTexts()
  const { address } = useSession()
  return (
    <>
      <h1>{t('messages.title')}</h1>
      <p className="lead">{t('messages.lead')}</p>
      <Gate>{address && <Threads address={address} />}</Gate>
    </>
  )
}

function Threads({ address }: { address: string }) {
  const { t } = useTexts()
  useLive('/v1/live/me', [messagesKey(address)])
  return (
    <Pages query={useInfiniteQuery(threadsQuery(address))}>
      {(items) =>
        items.length === 0 ? (
          <Empty title={t('messages.none')}>
            <p>{t('messages.none_hint')}</p>
          </Empty>
        ) : (
          <ul className="list">
            {items.map((thread) => (
              <Row key={`${thread.batch_id} ${thread.worker}`} thread={thread} address={address} />
            ))}
          </ul>
        )
      }
    </Pages>
  )
}

function Row({ thread, address }: { thread: Schemas['ThreadView']; address: string }) {
  const { t } = useTexts()
  const { batch_id, worker, requester, last, unread, title } = thread
  const isWorker = worker === address
  return (
    <li className="item">
      <div>
        <h2 className="row-title">
          <Link to="/messages/$batchId/$worker" params={{ batchId: batch_id, worker }} dir="auto">
            {title ?? t('batch.untitled')}
          </Link>
          {unread > 0 && <span className="tag">{t('messages.new', { count: unread })}</span>}
        </h2>
        <p className="excerpt" dir="auto">
          {last.text}
        </p>
        <p className="fine">
          {t(isWorker ? 'messages.requester' : 'messages.worker')} <Address of={isWorker ? requester : worker} /> ·{' '}
          <When at={Math.floor(last.created_at)} />
        </p>
      </div>
    </li>
  )
}
