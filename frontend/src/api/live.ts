// What happens on chain, told by the gateway as it happens: what is shown is asked for again then.
import { type QueryKey, useQueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'

const EVENTS = ['hello', 'chain', 'proposal', 'notice', 'reorg']
/** Many events come at once; so long they are gathered into one question. */
const GATHER_MILLISECONDS = 250
const AGAIN_MILLISECONDS = 5_000

/**
 * Follows a stream of the gateway while the page can be seen, and asks again for everything under `keys` when it
 * tells of something. A hidden page holds no connection: browsers open only six to one host.
 */
export function useLive(path: string | null, keys: readonly QueryKey[]): void {
  const client = useQueryClient()
  const watched = JSON.stringify(keys)
  useEffect(() => {
    if (!path) return
    let source: EventSource | null = null
    let again: ReturnType<typeof setTimeout> | undefined
    let gathering: ReturnType<typeof setTimeout> | undefined
    const refresh = () => {
      gathering = undefined
      for (const queryKey of JSON.parse(watched) as QueryKey[]) void client.invalidateQueries({ queryKey })
    }
    const hear = () => {
      gathering ??= setTimeout(refresh, GATHER_MILLISECONDS)
    }
    const look = () => {
      clearTimeout(again)
      source?.close()
      source = document.hidden ? null : new EventSource(path)
      // A browser goes on after a broken connection, but not after a refusal, as of a gateway that starts.
      source?.addEventListener('error', () => {
        if (source?.readyState === EventSource.CLOSED) again = setTimeout(look, AGAIN_MILLISECONDS)
      })
      for (const name of EVENTS) source?.addEventListener(name, hear)
    }
    look()
    document.addEventListener('visibilitychange', look)
    return () => {
      document.removeEventListener('visibilitychange', look)
      clearTimeout(gathering)
      clearTimeout(again)
      source?.close()
    }
  }, [client, path, watched])
}
