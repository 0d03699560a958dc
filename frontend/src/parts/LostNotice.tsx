// Told on every page while the gateway or its node does not answer; nobody has to do anything about it.
import { type QueryCacheNotifyEvent, type QueryClient, useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { isLost, type Problem } from '../api/client'
import { useTexts } from '../texts'
import { aliveQuery } from '../work/queries'

type Part = 'gateway' | 'node'

export function LostNotice() {
  const { t } = useTexts()
  const lost = useLost(useQueryClient())
  useQuery(aliveQuery)
  return lost ? (
    <div className="notice warn" role="status" data-lost={lost}>
      {t(`lost.${lost}`)} {t('lost.kept')}
    </div>
  ) : null
}

export function lostPart(error: unknown): Part {
  return (error as Problem).code === 'node_unreachable' ? 'node' : 'gateway'
}

/** What does not answer, from the first question that nobody answered until there is an answer again. */
function useLost(client: QueryClient): Part | null {
  const [lost, setLost] = useState<Part | null>(null)
  useEffect(() => {
    const waiting = new Map<string, Part>()
    const hear = (event: QueryCacheNotifyEvent) => {
      follow(waiting, event)
      setLost([...waiting.values()][0] ?? null)
    }
    return client.getQueryCache().subscribe(hear)
  }, [client])
  return lost
}

function follow(waiting: Map<string, Part>, event: QueryCacheNotifyEvent): void {
  const { query, type } = event
  if (type === 'removed' || (type === 'observerRemoved' && query.getObserversCount() === 0))
    waiting.delete(query.queryHash)
  if (type !== 'updated') return
  const { action } = event
  if ((action.type === 'failed' || action.type === 'error') && isLost(action.error)) {
    waiting.set(query.queryHash, lostPart(action.error))
  } else if (action.type === 'error' || (action.type === 'success' && !action.manual)) {
    waiting.delete(query.queryHash)
    for (const [hash, part] of waiting) if (part === 'gateway') waiting.delete(hash)
  }
}
