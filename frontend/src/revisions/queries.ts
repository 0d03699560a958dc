// What a worker was asked to do better.
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { api, data } from '../api/client'

const PAGE = 20
const SELDOM_MILLISECONDS = 30_000

export const revisionsKey = (address: string) => ['revisions', address] as const

/** Newest first. */
export const revisionsQuery = (address: string) =>
  infiniteQueryOptions({
    queryKey: [...revisionsKey(address), 'all'],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam }) => {
      const query = { limit: PAGE, ...(pageParam ? { cursor: pageParam } : {}) }
      return data(api.GET('/v1/work/revisions', { params: { query } }))
    },
    getNextPageParam: (page) => page.next_cursor,
    refetchInterval: SELDOM_MILLISECONDS,
  })

export const revisionQuery = (address: string, revisionId: string) =>
  queryOptions({
    queryKey: [...revisionsKey(address), revisionId],
    queryFn: () => data(api.GET('/v1/work/revisions/{revision_id}', { params: { path: { revision_id: revisionId } } })),
  })
