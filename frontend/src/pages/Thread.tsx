// A thread about a batch, and between the same two their ratings, with what the chain says beside.
import { useQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { useSession } from '../chain/session'
import { Address } from '../parts/chain'
import { Gate } from '../parts/SignIn'
import { Shown } from '../parts/states'
import { RatingForm } from '../talk/RatingForm'
import { Standing } from '../talk/Standing'
import { Thread } from '../talk/Thread'
import { useTexts } from '../texts'
import { batchQuery } from '../work/queries'

export default function ThreadPage() {
  const { t } = useTexts()
  const { address } = useSession()
  return (
    <>
      <p className="eyebrow">
        <Link to="/messages">{t('messages.title')}</Link>
      </p>
      <Gate>{address && <Both address={address} />}</Gate>
    </>
  )
}

function Both({ address }: { address: string }) {
  const { t } = useTexts()
  const { batchId, worker } = useParams({ from: '/messages/$batchId/$worker' })
  return (
    <Shown query={useQuery(batchQuery(batchId))}>
      {(batch) => {
        const isWorker = worker === address
        const other = isWorker ? batch.requester : worker
        return (
          <>
            <h1 dir="auto">{batch.title ?? t('batch.untitled')}</h1>
            <p className="row">
              <span>
                {t(isWorker ? 'messages.requester' : 'messages.worker')}{' '}
                <Link to="/audit/accounts/$address" params={{ address: other }}>
                  <Address of={other} />
                </Link>
              </span>
              <Link to={isWorker ? '/tasks/$batchId' : '/requests/$batchId'} params={{ batchId }}>
                {t('messages.batch')}
              </Link>
            </p>
            <div className="beside wide-first">
              <Thread batchId={batchId} worker={worker} address={address} />
              <RatingForm batchId={batchId} worker={worker} rater={address} rated={other} />
            </div>
            <Standing of={other} as={isWorker ? 'requester' : 'worker'} />
          </>
        )
      }}
    </Shown>
  )
}
