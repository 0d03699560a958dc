// What the auditor's pages ask of the gateway. Everything here is public.
import { infiniteQueryOptions } from '@tanstack/react-query'
import { api, data } from '../api/client'
import type { Wanted } from './wanted'

export const PAGE = 20
const LIVE_MILLISECONDS = 4_000

/** Batches on chain, newest first, a page at a time. */
export const batchesQuery = ({ q, status, requester, taskType }: Wanted) =>
  infiniteQueryOptions({
    queryKey: ['audit', 'batches', q, status, requester, taskType],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam, signal }) =>
      data(
        api.GET('/v1/batches', {
          params: {
            query: {
              status,
              limit: PAGE,
              ...(q ? { q } : {}),
              ...(requester ? { requester } : {}),
              ...(taskType ? { task_type: taskType } : {}),
              ...(pageParam ? { cursor: pageParam } : {}),
            },
          },
          signal,
        }),
      ),
    getNextPageParam: (page) => page.next_cursor,
    refetchInterval: LIVE_MILLISECONDS,
  })

/** Everything the chain says of a batch, oldest first. */
export const eventsQuery = (batchId: string) =>
  infiniteQueryOptions({
    queryKey: ['audit', 'events', batchId],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam, signal }) => {
      const query = { limit: PAGE, ...(pageParam ? { cursor: pageParam } : {}) }
      return data(api.GET('/v1/batches/{batch_id}/events', { params: { path: { batch_id: batchId }, query }, signal }))
    },
    getNextPageParam: (page) => page.next_cursor,
    refetchInterval: LIVE_MILLISECONDS,
  })
