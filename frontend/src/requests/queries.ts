// What the requester's pages ask of the gateway.
import { infiniteQueryOptions } from '@tanstack/react-query'
import { api, data } from '../api/client'

const PAGE = 20
const LIVE_MILLISECONDS = 4_000

export const ownBatches = (requester: string) =>
  infiniteQueryOptions({
    queryKey: ['requests', requester],
    queryFn: ({ pageParam }) => {
      const query = { status: 'all' as const, requester, limit: PAGE, ...(pageParam ? { cursor: pageParam } : {}) }
      return data(api.GET('/v1/batches', { params: { query } }))
    },
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
    refetchInterval: LIVE_MILLISECONDS,
  })
