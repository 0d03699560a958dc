// On every page: that a reviewer asked for a better answer, and the way to it.
import { useInfiniteQuery } from '@tanstack/react-query'
import { Link, useRouterState } from '@tanstack/react-router'
import { When } from '../parts/chain'
import { useTexts } from '../texts'
import { revisionsQuery } from './queries'

export default function Asked({ address }: { address: string }) {
  const { t } = useTexts()
  const isThere = useRouterState({ select: (state) => state.location.pathname.startsWith('/revisions') })
  const { data } = useInfiniteQuery(revisionsQuery(address))
  const open = data?.pages[0]?.items.filter(({ state }) => state === 'open') ?? []
  const first = open.reduce((least, { review_ends_at }) => Math.min(least, review_ends_at ?? least), Infinity)
  if (isThere || open.length === 0) return null
  return (
    <div className="notice warn row spread" role="status">
      <span>
        {t('revise.notice', { count: open.length })}{' '}
        {Number.isFinite(first) && (
          <>
            {t('revise.until')} <When at={first} />
          </>
        )}
      </span>
      <Link to="/revisions" className="button small">
        {t('revise.look')}
      </Link>
    </div>
  )
}
