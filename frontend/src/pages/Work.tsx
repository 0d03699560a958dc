// Work in one batch: take tasks, do them, hand them in.

import { useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { Suspense, useState } from 'react'
import { later } from '../app/patiently'
import { useSession } from '../chain/session'
import { Gate } from '../parts/SignIn'
import { Loading, Shown } from '../parts/states'
import { useTexts } from '../texts'
import { keepLate } from '../work/draft'
import { HandedIn } from '../work/HandedIn'
import { OwnSignals } from '../work/OwnSignals'
import { assignmentsQuery, batchQuery } from '../work/queries'
import { TakeTasks } from '../work/TakeTasks'
import { TooLate } from '../work/TooLate'
import { Workbench } from '../work/Workbench'

const WithRequester = later(() => import('../talk/WithRequester'))

export default function Work() {
  const { batchId } = useParams({ from: '/tasks/$batchId' })
  const { address } = useSession()
  const { t } = useTexts()
  return (
    <>
      <h1 className="visually-hidden">{t('work.title')}</h1>
      <Gate>{address && <Held batchId={batchId} address={address} />}</Gate>
    </>
  )
}

function Held({ batchId, address }: { batchId: string; address: string }) {
  const { t } = useTexts()
  const assignments = useQuery({ ...assignmentsQuery(address, batchId), refetchInterval: 5_000 })
  const batch = useQuery(batchQuery(batchId))
  const [handedIn, setHandedIn] = useState<string | null>(null)
  /** How many tasks were given back, until others are taken: `of` assignments were there then. */
  const [givenBack, setGivenBack] = useState({ count: 0, of: 0 })
  const beside = (assignments.data?.items.length ?? 0) > 0 && (
    <Suspense>
      <WithRequester batchId={batchId} address={address} />
    </Suspense>
  )
  if (handedIn !== null) return <HandedIn units={handedIn} />
  return (
    <Shown query={assignments}>
      {({ items }) => {
        const held = items.find((item) => item.status === 'claimed' && item.tasks)
        if (held && batch.data)
          return (
            <>
              <Workbench
                key={held.assignment_id}
                assignment={held}
                batch={batch.data}
                address={address}
                onHandedIn={setHandedIn}
                onGivenBack={(count) => setGivenBack({ count, of: items.length })}
              />
              {beside}
            </>
          )
        if (held || items.some((item) => item.status === 'queued' || item.status === 'submission_queued'))
          return <Loading />
        for (const item of items) if (item.status === 'expired') keepLate(item.assignment_id, batchId)
        return (
          <>
            <TooLate batchId={batchId} />
            {givenBack.count > 0 && givenBack.of === items.length && (
              <p className="notice good" role="status">
                {t('work.given_back', { count: givenBack.count })}
              </p>
            )}
            <TakeTasks batchId={batchId} />
            {beside}
            <OwnSignals batchId={batchId} address={address} />
          </>
        )
      }}
    </Shown>
  )
}
