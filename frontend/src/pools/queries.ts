// A requester's lists, and who is on them.
import { infiniteQueryOptions } from '@tanstack/react-query'
import { api, data } from '../api/client'

export { listsQuery } from '../requests/queries'

const PAGE = 100

/** Everything about one's own lists. */
export const listsKey = (owner: string) => ['lists', owner] as const

export const membersQuery = (owner: string, listId: string) =>
  infiniteQueryOptions({
    queryKey: [...listsKey(owner), listId],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam }) => {
      const query = { limit: PAGE, ...(pageParam ? { cursor: pageParam } : {}) }
      return data(api.GET('/v1/lists/{list_id}/members', { params: { path: { list_id: listId }, query } }))
    },
    getNextPageParam: (page) => page.next_cursor,
  })

export function addMembers(listId: string, workers: string[]) {
  return data(api.POST('/v1/lists/{list_id}/members', { params: { path: { list_id: listId } }, body: { workers } }))
}

export function dropMembers(listId: string, workers: string[]) {
  const params = { path: { list_id: listId } }
  return data(api.POST('/v1/lists/{list_id}/members/removal', { params, body: { workers } }))
}
