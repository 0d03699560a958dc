// What the worker's pages ask of the gateway.
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { api, data, payload } from '../api/client'
import { NotWhatWasAsked } from '../chain/checks'
import { isAtHand, isGenuine, type Part, type Wanted, wantedParts } from './content'

const LIVE_MILLISECONDS = 2_000

export const chainQuery = queryOptions({
  queryKey: ['chain'],
  queryFn: () => data(api.GET('/v1/chain')),
  staleTime: 60_000,
})

const ALIVE_MILLISECONDS = 10_000

/** Whether gateway and node answer, and how far the chain's clock is ahead of the reader's (seconds). */
export const aliveQuery = queryOptions({
  queryKey: ['alive'],
  queryFn: async () => {
    const { block_timestamp } = await data(api.GET('/v1/chain'))
    return { ahead: Math.max(0, block_timestamp - Math.floor(Date.now() / 1_000)) }
  },
  refetchInterval: ALIVE_MILLISECONDS,
})

export const openBatches = queryOptions({
  queryKey: ['batches', 'open'],
  queryFn: () => data(api.GET('/v1/batches', { params: { query: { status: 'open', limit: 50 } } })),
  refetchInterval: LIVE_MILLISECONDS * 2,
})

/** What fits this worker best, with the reasons. */
export const nextWorkQuery = (address: string) =>
  queryOptions({
    queryKey: ['next', address],
    queryFn: async () => (await data(api.GET('/v1/work/next', { params: { query: { limit: 50 } } }))).items,
    refetchInterval: LIVE_MILLISECONDS * 2,
  })

export const batchQuery = (batchId: string) =>
  queryOptions({
    queryKey: ['batch', batchId],
    queryFn: () => data(api.GET('/v1/batches/{batch_id}', { params: { path: { batch_id: batchId } } })),
    refetchInterval: LIVE_MILLISECONDS * 2,
  })

export type Manifest = {
  estimated_seconds_per_task: number
  tasks: { id: string; content: Record<string, unknown> }[]
  answer_schema: Record<string, unknown>
}

/** What a batch asks, as pinned: it never changes. */
export const manifestQuery = (batchId: string) =>
  queryOptions({
    queryKey: ['manifest', batchId],
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: async () => {
      const params = { path: { batch_id: batchId } }
      return (await data(api.GET('/v1/batches/{batch_id}/manifest', { params }))) as unknown as Manifest
    },
  })

export const accountQuery = (address: string) =>
  queryOptions({
    queryKey: ['account', address],
    queryFn: () => data(api.GET('/v1/accounts/{address}', { params: { path: { address } } })),
    refetchInterval: LIVE_MILLISECONDS,
  })

export const requesterQuery = (address: string) =>
  queryOptions({ ...accountQuery(address), refetchInterval: false as const, staleTime: 60_000 })

export const assignmentsQuery = (address: string, batchId: string) =>
  queryOptions({
    queryKey: ['assignments', address, batchId],
    queryFn: () => data(api.GET('/v1/work/assignments', { params: { query: { batch_id: batchId } } })),
  })

/** What was noticed in this worker's answers to a batch. */
export const ownSignalsQuery = (address: string, batchId: string) =>
  queryOptions({
    queryKey: ['signals', address, batchId],
    queryFn: () => data(api.GET('/v1/signals/batches/{batch_id}/own', { params: { path: { batch_id: batchId } } })),
    staleTime: 60_000,
  })

export const assignmentQuery = (assignmentId: string) =>
  queryOptions({
    queryKey: ['assignment', assignmentId],
    queryFn: ({ signal }) =>
      data(
        api.GET('/v1/work/assignments/{assignment_id}', {
          params: { path: { assignment_id: assignmentId }, query: { wait: 0 } },
          signal,
        }),
      ),
  })

export const taskTypesQuery = queryOptions({
  queryKey: ['task-types'],
  queryFn: async () => (await data(api.GET('/v1/task-types'))).items,
  staleTime: Number.POSITIVE_INFINITY,
})

/** The content's fields that a type shows, in order. */
export const showsQuery = (type: string | null) =>
  queryOptions({ ...taskTypesQuery, select: (items) => items.find(({ name }) => name === type)?.shows ?? [] })

/** Everything that a task shows, fetched ahead so that the next one is there at once. */
export const partsQuery = (content: Record<string, unknown>, type: string | null, shows: string[]) => {
  const wanted = wantedParts(content, type, shows)
  return queryOptions({
    queryKey: ['parts', wanted],
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: () => Promise.all(wanted.map(fetched)),
    ...(isAtHand(wanted) ? { initialData: wanted as Part[] } : {}),
  })
}

async function fetched(wanted: Wanted): Promise<Part> {
  if (wanted.kind === 'pair') {
    const [a, b] = await Promise.all(wanted.sides.map((side) => Promise.all(side.map(fetched))))
    return { kind: 'pair', sides: [a ?? [], b ?? []] }
  }
  if (!('cid' in wanted)) return wanted
  const bytes = await payload(wanted.cid)
  if (!isGenuine(bytes, wanted.cid, wanted.sha256)) throw new NotWhatWasAsked(wanted.cid)
  return { kind: wanted.kind, bytes }
}

export const rejectionsQuery = (address: string) =>
  queryOptions({
    queryKey: ['rejections', address],
    queryFn: () => data(api.GET('/v1/rejections')),
    refetchInterval: LIVE_MILLISECONDS * 2,
  })

export const paymentsQuery = (address: string) =>
  queryOptions({
    queryKey: ['payments', address],
    queryFn: () =>
      data(api.GET('/v1/accounts/{address}/payments', { params: { path: { address }, query: { limit: 50 } } })),
    refetchInterval: LIVE_MILLISECONDS * 2,
  })

/** Bonuses that were given to an address, newest first. */
export const bonusesQuery = (address: string) =>
  infiniteQueryOptions({
    queryKey: ['bonuses', address],
    queryFn: ({ pageParam }) => {
      const query = { limit: 20, ...(pageParam ? { cursor: pageParam } : {}) }
      return data(api.GET('/v1/accounts/{address}/bonuses', { params: { path: { address }, query } }))
    },
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
    refetchInterval: LIVE_MILLISECONDS * 2,
  })

export const withdrawalsQuery = (address: string) =>
  queryOptions({
    queryKey: ['withdrawals', address],
    queryFn: () =>
      data(api.GET('/v1/accounts/{address}/withdrawals', { params: { path: { address }, query: { limit: 50 } } })),
    refetchInterval: LIVE_MILLISECONDS * 2,
  })
