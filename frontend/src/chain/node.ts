// The chain's node, where this page asks it itself.
import { Problem } from '../api/client'

const AWAY = new Set(['HttpRequestError', 'TimeoutError', 'WebSocketRequestError', 'SocketClosedError'])
type Said = { name?: string; status?: number; cause?: unknown } | undefined

/** What was asked of the node; where that does not answer, the gateway's own word for it is raised. */
export async function ofNode<T>(asked: Promise<T>): Promise<T> {
  try {
    return await asked
  } catch (error) {
    throw isAway(error as Said) ? new Problem(503, 'node_unreachable', '') : error
  }
}

/** Whether nobody answered, or a server before the node said that it cannot; a node's refusal is an answer. */
function isAway(error: Said): boolean {
  if (!error) return false
  if (AWAY.has(error.name ?? '')) return error.status === undefined || error.status >= 500
  return isAway(error.cause as Said)
}
