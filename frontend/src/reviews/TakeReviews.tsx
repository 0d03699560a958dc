// A batch that pays drawn reviewers, as one of them meets it: enrol, or start what one was drawn for.
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useLive } from '../api/live'
import type { Call } from '../chain/calls'
import { CallSteps, Words } from '../parts/CallSteps'
import { Failed, Loading } from '../parts/states'
import { useTexts } from '../texts'
import { manifestQuery } from '../work/queries'
import { Enrolment } from './Drawn'
import { candidaciesQuery, drawnQuery } from './queries'

const PACKET = 10

type Props = { reviewBatchId: string; reviewer: string; call: Call; onStart: (count: number) => void }

export default function TakeReviews({ reviewBatchId, reviewer, call, onStart }: Props) {
  const { t } = useTexts()
  useLive('/v1/live/me', [['reviews', reviewer]])
  const drawn = useQuery(drawnQuery(reviewer))
  const manifest = useQuery(manifestQuery(reviewBatchId))
  const judged = String(manifest.data?.tasks[0]?.content['reviews'] ?? '')
  const open = useInfiniteQuery({ ...candidaciesQuery(reviewer, judged), enabled: judged !== '' })
  const failed = drawn.error ?? manifest.error ?? open.error
  if (failed) return <Failed error={failed} />
  if (!drawn.data || !open.data) return <Loading />
  const waiting = drawn.data.items.filter((item) => item.review_batch_id === reviewBatchId).length
  const count = Math.min(PACKET, waiting)
  const item = open.data.pages[0]?.items[0]
  return (
    <>
      {count > 0 && (
        <>
          <button type="button" className="primary" disabled={call.busy} onClick={() => onStart(count)}>
            {t('drawn.start', { count })}
          </button>
          <Words>{t('work.claim_words', { count })}</Words>
        </>
      )}
      <CallSteps call={call} />
      {item && <Enrolment item={item} reviewer={reviewer} />}
    </>
  )
}
