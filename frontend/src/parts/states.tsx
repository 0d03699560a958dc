// What a page shows when it has nothing yet, nothing at all, or an error; and when the reader is offline.

import type { UseQueryResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { useSyncExternalStore } from 'react'
import { Problem } from '../api/client'
import { NotWhatWasAsked } from '../chain/checks'
import { type Texts, useTexts } from '../texts'
import en from '../texts/en.json'
import type { Key } from '../texts/plural'

export function Loading() {
  const { t } = useTexts()
  return (
    <div className="skeleton" role="status">
      <span className="visually-hidden">{t('state.loading')}</span>
      <i />
      <i />
      <i />
    </div>
  )
}

export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="empty">
      <h2>{title}</h2>
      {children}
    </div>
  )
}

export function Failed({ error, again }: { error: unknown; again?: () => void }) {
  const { t } = useTexts()
  return (
    <div className="notice bad" role="alert">
      <p>{reasonOf({ t }, error)}</p>
      {again && (
        <button type="button" onClick={again}>
          {t('state.again')}
        </button>
      )}
    </div>
  )
}

/** Why something was refused, below the button that asked for it; nothing while nothing was. */
export function Refused({ error }: { error: unknown }) {
  const { t } = useTexts()
  if (!error) return null
  return (
    <p className="notice bad" role="alert">
      {reasonOf({ t }, error)}
    </p>
  )
}

/** A query's data, or the state that stands in for it. */
export function Shown<T>({ query, children }: { query: UseQueryResult<T>; children: (data: T) => ReactNode }) {
  if (query.data !== undefined) return children(query.data)
  if (query.isError) return <Failed error={query.error} again={() => void query.refetch()} />
  return <Loading />
}

/** Why something failed, in the reader's language where the code is known, else in the gateway's words. */
export function reasonOf({ t }: Pick<Texts, 't'>, error: unknown): string {
  if (error instanceof NotWhatWasAsked) return t('problem.not_what_was_asked')
  if (error instanceof Problem) {
    const key = `problem.${error.code}`
    if (key in en) return t(key as Key, { detail: error.detail })
    return t('problem.other', { detail: error.detail, code: error.code })
  }
  const said = error as { code?: number; name?: string; shortMessage?: string; message?: string; cause?: unknown }
  if (said?.code === 4001 || said?.name === 'UserRejectedRequestError') return t('problem.refused_in_wallet')
  const inner = said?.cause as { code?: number } | undefined
  if (inner?.code === 4001) return t('problem.refused_in_wallet')
  return t('problem.wallet', { detail: said?.shortMessage ?? said?.message ?? '' })
}

export function OfflineNotice() {
  const { t } = useTexts()
  const online = useSyncExternalStore(watchNetwork, () => navigator.onLine)
  return online ? null : (
    <div className="notice warn" role="status">
      {t('state.offline')}
    </div>
  )
}

function watchNetwork(changed: () => void): () => void {
  addEventListener('online', changed)
  addEventListener('offline', changed)
  return () => {
    removeEventListener('online', changed)
    removeEventListener('offline', changed)
  }
}
