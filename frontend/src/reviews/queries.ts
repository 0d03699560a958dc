// What the reviewer's pages ask of the gateway.
import { queryOptions } from '@tanstack/react-query'
import { api, data } from '../api/client'

export const reviewQueue = (reviewer: string) =>
  queryOptions({
    queryKey: ['reviews', reviewer, 'queue'],
    queryFn: () => data(api.GET('/v1/reviews/queue')),
  })
