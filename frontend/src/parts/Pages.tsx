// A list that comes a page at a time: what is there, and a button for more.
import type { UseInfiniteQueryResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { useTexts } from '../texts'
import { Failed, Loading } from './states'

type Page<T> = { items: T[]; next_cursor?: string | null }
type Listed<T> = UseInfiniteQueryResult<{ pages: Page<T>[] }>

/** All items so far for `children`, and a way to the next page; or the state that stands in for them. */
export function Pages<T>({ query, children }: { query: Listed<T>; children: (items: T[]) => ReactNode }) {
  const { t } = useTexts()
  if (!query.data)
    return query.isError ? <Failed error={query.error} again={() => void query.refetch()} /> : <Loading />
  return (
    <>
      {children(query.data.pages.flatMap((page) => page.items))}
      {query.isFetchNextPageError && <Failed error={query.error} />}
      {query.hasNextPage && (
        <button type="button" disabled={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
          {query.isFetchingNextPage ? t('state.loading') : t('state.more')}
        </button>
      )}
    </>
  )
}
