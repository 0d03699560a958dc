// What the pages of messages and ratings ask of the gateway.
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { api, data } from '../api/client'

const PAGE = 20
const UNREAD_MILLISECONDS = 10_000

/** Everything about one's own messages, to be asked again when one was told of a new one. */
export const messagesKey = (address: string) => ['messages', address] as const

export const unreadQuery = (address: string) =>
  queryOptions({
    queryKey: [...messagesKey(address), 'unread'],
    queryFn: async () => (await data(api.GET('/v1/messages/unread'))).unread,
    refetchInterval: UNREAD_MILLISECONDS,
  })

export const threadsQuery = (address: string) =>
  infiniteQueryOptions({
    queryKey: [...messagesKey(address), 'threads'],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam }) => {
      const query = { limit: PAGE, ...(pageParam ? { cursor: pageParam } : {}) }
      return data(api.GET('/v1/messages', { params: { query } }))
    },
    getNextPageParam: (page) => page.next_cursor,
  })

/** One thread, newest first. */
export const threadQuery = (address: string, batchId: string, worker: string) =>
  infiniteQueryOptions({
    queryKey: [...messagesKey(address), 'thread', batchId, worker],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam }) => {
      const query = { worker, limit: PAGE, ...(pageParam ? { cursor: pageParam } : {}) }
      return data(api.GET('/v1/batches/{batch_id}/messages', { params: { path: { batch_id: batchId }, query } }))
    },
    getNextPageParam: (page) => page.next_cursor,
  })

/** What was said of an address, newest first, beside the chain's record of it. */
export const ratingsQuery = (address: string) =>
  infiniteQueryOptions({
    queryKey: ['ratings', address],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam }) => {
      const query = { limit: PAGE, ...(pageParam ? { cursor: pageParam } : {}) }
      return data(api.GET('/v1/accounts/{address}/ratings', { params: { path: { address }, query } }))
    },
    getNextPageParam: (page) => page.next_cursor,
  })

/** What one said oneself of another about a batch; null if nothing. */
export const ownRatingQuery = (rater: string, rated: string, batchId: string) =>
  queryOptions({
    queryKey: ['ratings', rated, rater, batchId],
    queryFn: async () => {
      const params = { path: { address: rated }, query: { batch_id: batchId, rater } }
      return (await data(api.GET('/v1/accounts/{address}/ratings', { params }))).items[0] ?? null
    },
  })

/** The contract's number for pay that nobody had to work for. */
const DIRECT = 3

/** Answers of a worker that the chain shows as paid in a batch. */
export const paidQuery = (batchId: string, worker: string) =>
  queryOptions({
    queryKey: ['audit', 'events', batchId, 'paid', worker],
    queryFn: async () => {
      const query = { batch_id: batchId, account: worker, name: ['Paid'], limit: 100 }
      const { items } = await data(api.GET('/v1/audit/events', { params: { query } }))
      const worked = items
        .map(({ args }) => args as Record<string, unknown>)
        .filter((args) => args['worker'] === worker)
      return worked
        .filter((args) => Number(args['reason']) !== DIRECT)
        .reduce((sum, args) => sum + Number(args['assignments']), 0)
    },
  })
