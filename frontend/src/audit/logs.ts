// The escrow's logs as the node gives them, read in bounded ranges.
import { type Abi, type Address, type Client, decodeEventLog, type Hex, hexToNumber, numberToHex } from 'viem'
import { abi as built } from '../../../piecework/chain/abi/TaskEscrow.json'

/** Built into the app, not asked from the gateway: what a log means is not its word. */
export const ESCROW_ABI = built as Abi
const SPAN = 2_000
const AT_ONCE = 8

export type Args = Record<string, unknown>
export type Log = {
  name: string
  args: Args
  block: number
  index: number
  blockHash: string
  transaction: string
}
export type Tick = (step: 'logs' | 'blocks' | 'views', done: number, total: number) => void
type Raw = { topics: [Hex, ...Hex[]]; data: Hex; blockNumber: Hex; logIndex: Hex; blockHash: Hex; transactionHash: Hex }

export type Node = { client: Client; escrow: Address; signal: AbortSignal; tick: Tick }

/** One question to the node; raises if the reader gave up. */
export async function ask<T>(node: Node, method: string, params: unknown[]): Promise<T> {
  node.signal.throwIfAborted()
  return (await node.client.request({ method, params } as never)) as T
}

/** Every log of the escrow from `first` to `last`, or those with one of these values behind their event. */
export async function readLogs(node: Node, first: number, last: number, subjects?: readonly string[]): Promise<Log[]> {
  const found: Log[] = []
  let [start, span] = [first, SPAN]
  while (start <= last) {
    const end = Math.min(last, start + span - 1)
    const range = { address: node.escrow, fromBlock: numberToHex(start), toBlock: numberToHex(end) }
    let raw: Raw[]
    try {
      raw = await ask<Raw[]>(node, 'eth_getLogs', [subjects ? { ...range, topics: [null, subjects] } : range])
    } catch (error) {
      node.signal.throwIfAborted()
      if (span === 1) throw error
      span = Math.max(1, Math.floor(span / 2)) // nodes bound the logs of an answer
      continue
    }
    found.push(...raw.map(decoded))
    start = end + 1
    node.tick('logs', end - first + 1, last - first + 1)
  }
  return inOrder(found)
}

export function inOrder(logs: Log[]): Log[] {
  return logs.sort((a, b) => a.block - b.block || a.index - b.index)
}

function decoded(raw: Raw): Log {
  const event = decodeEventLog({ abi: ESCROW_ABI, topics: raw.topics, data: raw.data })
  return {
    name: String(event.eventName),
    args: (event.args ?? {}) as Args,
    block: hexToNumber(raw.blockNumber),
    index: hexToNumber(raw.logIndex),
    blockHash: raw.blockHash,
    transaction: raw.transactionHash,
  }
}

/** The first block at which the escrow has code, found by halving; 0 if the node does not remember. */
export async function creationBlock(node: Node, last: number): Promise<number> {
  let [low, high] = [0, last]
  try {
    while (low < high) {
      const middle = Math.floor((low + high) / 2)
      const code = await ask<Hex | null>(node, 'eth_getCode', [node.escrow, numberToHex(middle)])
      if (code && code !== '0x') high = middle
      else low = middle + 1
    }
  } catch (error) {
    node.signal.throwIfAborted()
    if (!(error instanceof Error)) throw error
    return 0
  }
  return low
}

/** Hash and time of blocks by their number. */
export async function headers(node: Node, numbers: number[]): Promise<Map<number, { hash: string; time: number }>> {
  const found = new Map<number, { hash: string; time: number }>()
  await each(node, 'blocks', [...new Set(numbers)], async (number) => {
    const asked = [numberToHex(number), false]
    const block = await ask<{ hash: Hex; timestamp: Hex } | null>(node, 'eth_getBlockByNumber', asked)
    if (block) found.set(number, { hash: block.hash, time: hexToNumber(block.timestamp) })
  })
  return found
}

/** Does the work for every item, a few at a time, and tells how far it is. */
export async function each<T>(
  node: Node,
  step: 'blocks' | 'views',
  items: readonly T[],
  work: (item: T) => Promise<void>,
): Promise<void> {
  for (let start = 0; start < items.length; start += AT_ONCE) {
    const part = items.slice(start, start + AT_ONCE)
    await Promise.all(part.map(work))
    node.tick(step, start + part.length, items.length)
  }
}
