// What the auditor's pages ask of the gateway. Everything here is public.
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
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

type EventsWanted = { batch_id?: string; account?: string; name: string[] }

/** Events of a batch or about an account, newest first. */
export const eventsQuery = (wanted: EventsWanted) =>
  infiniteQueryOptions({
    queryKey: ['audit', 'events', wanted],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam, signal }) => {
      const query = { ...wanted, limit: PAGE, ...(pageParam ? { cursor: pageParam } : {}) }
      return data(api.GET('/v1/audit/events', { params: { query }, signal }))
    },
    getNextPageParam: (page) => page.next_cursor,
    refetchInterval: LIVE_MILLISECONDS,
  })

export const moneyQuery = (batchId: string) =>
  queryOptions({
    queryKey: ['audit', 'money', batchId],
    queryFn: () => data(api.GET('/v1/audit/batches/{batch_id}', { params: { path: { batch_id: batchId } } })),
    refetchInterval: LIVE_MILLISECONDS,
  })

export const totalsQuery = queryOptions({
  queryKey: ['audit', 'totals'],
  queryFn: () => data(api.GET('/v1/audit/totals')),
  refetchInterval: LIVE_MILLISECONDS * 4,
})

/** Which results files there are; of a batch that was settled. */
export const resultsQuery = (batchId: string) =>
  queryOptions({
    queryKey: ['audit', 'results', batchId],
    queryFn: () => data(api.GET('/v1/batches/{batch_id}/results', { params: { path: { batch_id: batchId } } })),
    staleTime: 60_000,
  })
