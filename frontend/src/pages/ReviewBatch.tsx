// A batch's answers before its reviewer: one at a time, keys for everything, signed together at the end.
import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { useEffect } from 'react'
import { useLive } from '../api/live'
import { type Call, useCall } from '../chain/calls'
import { useSession } from '../chain/session'
import { CallSteps } from '../parts/CallSteps'
import { Gate } from '../parts/SignIn'
import { Empty, Failed, Loading, Shown } from '../parts/states'
import { Desk } from '../reviews/Desk'
import { OpenProposal } from '../reviews/OpenProposal'
import { reviewQueue, submissionsQuery } from '../reviews/queries'
import { undecided } from '../reviews/verdicts'
import { useTexts } from '../texts'
import { batchQuery } from '../work/queries'

export default function ReviewBatch() {
  const { batchId } = useParams({ from: '/review/$batchId' })
  const { address } = useSession()
  const { t } = useTexts()
  return (
    <>
      <p className="eyebrow">
        <Link to="/review">{t('review.title')}</Link>
      </p>
      <Gate>{address && <One batchId={batchId} address={address} />}</Gate>
    </>
  )
}

function One({ batchId, address }: { batchId: string; address: string }) {
  const { t } = useTexts()
  useLive(`/v1/live/reviewers/${address}`, [
    ['batch', batchId],
    ['reviews', address],
  ])
  useLive('/v1/live/me', [submissionsQuery(batchId).queryKey])
  const batch = useQuery(batchQuery(batchId))
  const queue = useQuery(reviewQueue(address))
  const pages = useInfiniteQuery(submissionsQuery(batchId))
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = pages
  useEffect(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage()
  }, [hasNextPage, isFetchingNextPage, fetchNextPage])
  const own = queue.data?.items.find((item) => item.batch_id === batchId)
  const call = useCall()
  const client = useQueryClient()
  const open = own?.proposals.find(({ status }) => status === 'open' || status === 'queued')
  // One's own decision stays in sight until it is through.
  const proposal = call.busy ? undefined : open
  const state = `${own?.submitted} ${own?.proposals.map(({ status }) => status).join(' ')}`
  // biome-ignore lint/correctness/useExhaustiveDependencies: another state of the queue is another list of answers
  useEffect(() => {
    void client.invalidateQueries({ queryKey: submissionsQuery(batchId).queryKey })
  }, [client, batchId, state])
  return (
    <Shown query={batch}>
      {(found) => (
        <>
          <h1 dir="auto">{found.title ?? t('batch.untitled')}</h1>
          {proposal ? (
            <OpenProposal key={proposal.proposal_id} proposalId={proposal.proposal_id} address={address} call={call} />
          ) : pages.isError ? (
            <Failed error={pages.error} again={() => void pages.refetch()} />
          ) : !pages.data || queue.isLoading || hasNextPage ? (
            <Loading />
          ) : (
            <Waiting batch={found} isReviewer={own !== undefined} pages={pages.data.pages} call={call} />
          )}
          <CallSteps call={call} done={t('review.settled')} />
        </>
      )}
    </Shown>
  )
}

type WaitingProps = {
  batch: Parameters<typeof Desk>[0]['batch']
  isReviewer: boolean
  call: Call
  pages: { items: Parameters<typeof undecided>[0] }[]
}

function Waiting({ batch, isReviewer, pages, call }: WaitingProps) {
  const { t } = useTexts()
  const answers = undecided(pages.flatMap(({ items }) => items))
  if (answers.length === 0)
    return (
      <Empty title={t('review.none')}>
        <p>{t('review.none_hint')}</p>
      </Empty>
    )
  return <Desk batch={batch} answers={answers} isReviewer={isReviewer} call={call} />
}
