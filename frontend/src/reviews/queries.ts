// What the reviewer's pages ask of the gateway.
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { api, data } from '../api/client'

/** The live stream tells what waits; that a settlement has ended is asked for. */
const LIVE_MILLISECONDS = 2_000

export const reviewQueue = (reviewer: string) =>
  queryOptions({
    queryKey: ['reviews', reviewer, 'queue'],
    queryFn: () => data(api.GET('/v1/reviews/queue')),
    refetchInterval: LIVE_MILLISECONDS,
  })

/** What the reviewer was drawn for and has not judged. */
export const drawnQuery = (reviewer: string) =>
  queryOptions({
    queryKey: ['reviews', reviewer, 'drawn'],
    queryFn: () => data(api.GET('/v1/reviews/drawn')),
  })

const FEW = 20

/** Where one can enrol, newest first; or at the batch that pays for reviews of `batchId` alone. */
export const candidaciesQuery = (reviewer: string, batchId?: string) =>
  infiniteQueryOptions({
    queryKey: ['reviews', reviewer, 'candidacies', batchId ?? null],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam }) => {
      const query = {
        limit: FEW,
        ...(batchId ? { batch_id: batchId } : {}),
        ...(pageParam ? { cursor: pageParam } : {}),
      }
      return data(api.GET('/v1/reviews/candidacies', { params: { query } }))
    },
    getNextPageParam: (page) => page.next_cursor,
  })

const PAGE = 100

/** Answers of a batch beside what was asked, a hundred submissions at a time. */
export const submissionsQuery = (batchId: string) =>
  infiniteQueryOptions({
    queryKey: ['batch', batchId, 'submissions'],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam }) => {
      const query = { limit: PAGE, ...(pageParam ? { cursor: pageParam } : {}) }
      return data(
        api.GET('/v1/reviews/batches/{batch_id}/submissions', { params: { path: { batch_id: batchId }, query } }),
      )
    },
    getNextPageParam: (page) => page.next_cursor,
  })

export const proposalQuery = (proposalId: string) =>
  queryOptions({
    queryKey: ['reviews', 'proposal', proposalId],
    queryFn: () =>
      data(api.GET('/v1/reviews/proposals/{proposal_id}', { params: { path: { proposal_id: proposalId } } })),
  })

/** What looks odd in the batch's answers; it decides nothing. */
export const signalsQuery = (batchId: string) =>
  queryOptions({
    queryKey: ['batch', batchId, 'signals'],
    queryFn: () => data(api.GET('/v1/signals/batches/{batch_id}', { params: { path: { batch_id: batchId } } })),
    staleTime: 60_000,
  })

/** How the reader's own verdicts held, and what reviews were paid. */
export const reviewerRecordQuery = (reviewer: string) =>
  queryOptions({
    queryKey: ['reviewer-record', reviewer],
    queryFn: () => data(api.GET('/v1/reviewers/me/record')),
  })
