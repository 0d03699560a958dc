// What the requester's pages ask of the gateway.
import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query'
import { api, data, type Schemas } from '../api/client'

export { taskTypesQuery } from '../work/queries'

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

/** The schema of an answer for options that are still being typed. */
export const answerSchemaQuery = (name: string, options: Record<string, unknown>) =>
  queryOptions({
    queryKey: ['answer-schema', name, options],
    queryFn: async () => {
      const params = { path: { name } }
      return (await data(api.POST('/v1/task-types/{name}/answer-schema', { params, body: { options } }))).answer_schema
    },
    staleTime: Number.POSITIVE_INFINITY,
    placeholderData: keepPreviousData,
  })

export const listsQuery = (owner: string) =>
  queryOptions({ queryKey: ['lists', owner], queryFn: async () => (await data(api.GET('/v1/lists'))).items })

/** Drawn reviewers of a batch, and what they said. */
export const drawsQuery = (batchId: string) =>
  queryOptions({
    queryKey: ['batch', batchId, 'draws'],
    queryFn: () => data(api.GET('/v1/reviews/batches/{batch_id}/draws', { params: { path: { batch_id: batchId } } })),
    refetchInterval: LIVE_MILLISECONDS,
  })

export const resultsQuery = (batchId: string) =>
  queryOptions({
    queryKey: ['batch', batchId, 'results'],
    queryFn: () => data(api.GET('/v1/batches/{batch_id}/results', { params: { path: { batch_id: batchId } } })),
  })

export const reportQuery = (batchId: string) =>
  queryOptions({
    queryKey: ['batch', batchId, 'report'],
    queryFn: async () => {
      const params = { path: { batch_id: batchId } }
      return (await data(api.GET('/v1/batches/{batch_id}/report', { params }))) as Schemas['RequesterReport']
    },
  })

/** Who worked in a batch, with pay and bonuses as the chain has them. */
export const batchWorkers = (batchId: string) =>
  infiniteQueryOptions({
    queryKey: ['batch', batchId, 'workers'],
    queryFn: ({ pageParam }) => {
      const params = {
        path: { batch_id: batchId },
        query: { limit: PAGE, ...(pageParam ? { cursor: pageParam } : {}) },
      }
      return data(api.GET('/v1/batches/{batch_id}/workers', { params }))
    },
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  })

/** The report as a page of its own, which loads nothing. */
export async function reportPage(batchId: string): Promise<Blob> {
  const params = { path: { batch_id: batchId }, query: { format: 'html' as const } }
  const { data: page } = await api.GET('/v1/batches/{batch_id}/report', { params, parseAs: 'blob' })
  return page as Blob
}
