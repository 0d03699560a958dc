// Computes a batch, or the whole escrow, anew from the node's logs; then compares with the contract and the gateway.
import { type Address, decodeFunctionResult, encodeFunctionData, type Hex, numberToHex } from 'viem'
import { api, data, type Schemas } from '../api/client'
import { type BatchBooks, Books, big, COUNTS, type WorkBooks } from './books'
import { type Args, creationBlock, ESCROW_ABI, each, headers, inOrder, type Log, type Node, readLogs } from './logs'
import { Report } from './report'

type ChainFacts = Schemas['ChainView']
type Place = Schemas['Place']
const TRIES = 5
const PAGE = 100

/** A batch against the node and the gateway. Raises what the node raises, and AbortError if the reader gave up. */
export async function verifyBatch(node: Node, chain: ChainFacts, batchId: string): Promise<Report> {
  const report = new Report()
  const said = await gatewaysBatch(batchId)
  await checkPlace(node, chain, said.money.at, report)
  const last = said.money.at.block_number
  let logs = await readLogs(node, said.view.opened_block, last, [batchId])
  const disputes = logs.filter((log) => log.name === 'Disputed').map((log) => hexOf(log.args['disputeId']))
  if (disputes.length) logs = inOrder([...logs, ...(await readLogs(node, said.view.opened_block, last, disputes))])
  const books = await rebuilt(node, logs, report)
  const batch = books.batches.get(batchId)
  report.equal('known_batch', batchId, true, batch !== undefined)
  if (batch) {
    await compareBatchViews(node, [batch], last, report)
    compareBatch(batch, books, said, report)
  }
  compareEvents(logs, said.events, report)
  report.left.push('files', 'rulers', 'hidden', 'node')
  return report
}

/** The whole escrow: every account, every batch, and what the token says that the escrow holds. */
export async function verifyAll(node: Node, chain: ChainFacts): Promise<Report> {
  const report = new Report()
  const said = await data(api.GET('/v1/audit/totals'))
  await checkPlace(node, chain, said.at, report)
  const last = said.at.block_number
  const logs = await readLogs(node, await creationBlock(node, last), last)
  const books = await rebuilt(node, logs, report)
  await compareBatchViews(node, [...books.batches.values()], last, report)
  await each(node, 'views', [...books.accounts], async ([account, owed]) => {
    const view = (await read(node, 'accountOf', [account], last)) as Args
    report.equal('view_account', account, owed, view['owed'])
  })
  const batches = [...books.batches.values()]
  const sum = (units: (batch: BatchBooks) => bigint) => batches.reduce((total, batch) => total + units(batch), 0n)
  const locked = sum((batch) => batch.lockedUnits)
  const owned = books.accountUnits + sum((batch) => batch.heldUnits) + locked + books.bondUnits
  report.equal('money', node.escrow, books.deposited - books.withdrawn, owned)
  const balance = await balanceOf(node, chain.token.address as Address, last)
  report.equal('balance', node.escrow, true, balance >= owned)
  const wanted = {
    deposited_units: books.deposited,
    withdrawn_units: books.withdrawn,
    account_units: books.accountUnits,
    owned_units: owned,
    balance_units: balance,
    batches: batches.length,
  }
  for (const [name, value] of Object.entries(wanted))
    report.equal('api_money', name, value, said[name as keyof typeof wanted])
  compareMoney(moneyOf(batches, locked, books.bondUnits), said.money, node.escrow, report)
  report.left.push('files', 'rulers', 'hidden', 'node', 'sizes')
  return report
}

async function rebuilt(node: Node, logs: Log[], report: Report): Promise<Books> {
  const blocks = await headers(
    node,
    logs.map((log) => log.block),
  )
  const books = new Books(report)
  for (const log of logs) {
    const block = blocks.get(log.block)
    report.equal('log_block', `${log.name} ${log.block}/${log.index}`, block?.hash, log.blockHash)
    books.apply(log, block?.time ?? 0)
  }
  books.finish()
  return books
}

async function checkPlace(node: Node, chain: ChainFacts, at: Place, report: Report): Promise<void> {
  const id = (await node.client.request({ method: 'eth_chainId' } as never)) as Hex
  report.equal('chain', node.escrow, chain.chain_id, Number(id))
  const block = (await headers(node, [at.block_number])).get(at.block_number)
  report.equal('block', String(at.block_number), block?.hash, at.block_hash)
}

type Said = {
  view: Schemas['BatchView']
  money: Schemas['BatchMoney']
  events: Schemas['EventView'][]
  disputes: Schemas['DisputeItem'][]
}

/** All that the gateway says of a batch, at one block: asked again if the mirror moved on meanwhile. */
async function gatewaysBatch(batchId: string): Promise<Said> {
  const path = { batch_id: batchId }
  for (let times = 1; ; times += 1) {
    const money = await data(api.GET('/v1/audit/batches/{batch_id}', { params: { path } }))
    const view = await data(api.GET('/v1/batches/{batch_id}', { params: { path } }))
    const events = await allPages((cursor) =>
      data(api.GET('/v1/audit/events', { params: { query: { batch_id: batchId, limit: PAGE, ...cursor } } })),
    )
    const disputes = await allPages((cursor) =>
      data(api.GET('/v1/disputes', { params: { query: { batch_id: batchId, limit: PAGE, ...cursor } } })),
    )
    const again = await data(api.GET('/v1/audit/batches/{batch_id}', { params: { path } }))
    const still =
      again.at.block_hash === money.at.block_hash ||
      JSON.stringify({ ...again, at: 0 }) === JSON.stringify({ ...money, at: 0 })
    if (still || times === TRIES) {
      const known = events.filter((event) => event.block_number <= money.at.block_number)
      return { view, money, events: known, disputes }
    }
  }
}

async function allPages<T>(
  page: (cursor: { cursor?: string }) => Promise<{ items: T[]; next_cursor?: string | null }>,
): Promise<T[]> {
  const found: T[] = []
  let cursor: string | null | undefined
  do {
    const next = await page(cursor ? { cursor } : {})
    found.push(...next.items)
    cursor = next.next_cursor
  } while (cursor)
  return found
}

async function read(node: Node, name: string, args: unknown[], block: number): Promise<unknown> {
  const call = { to: node.escrow, data: encodeFunctionData({ abi: ESCROW_ABI, functionName: name, args }) }
  node.signal.throwIfAborted()
  const answer = (await node.client.request({ method: 'eth_call', params: [call, numberToHex(block)] } as never)) as Hex
  return decodeFunctionResult({ abi: ESCROW_ABI, functionName: name, data: answer })
}

async function balanceOf(node: Node, token: Address, block: number): Promise<bigint> {
  const selector = `0x70a08231${node.escrow.slice(2).toLowerCase().padStart(64, '0')}`
  const params = [{ to: token, data: selector }, numberToHex(block)]
  return BigInt((await node.client.request({ method: 'eth_call', params } as never)) as Hex)
}

async function compareBatchViews(node: Node, batches: BatchBooks[], block: number, report: Report): Promise<void> {
  await each(node, 'views', batches, async (batch) => {
    const view = (await read(node, 'batchOf', [batch.id], block)) as Args
    for (const name of COUNTS) report.equal('view_batch', `${batch.id} ${name}`, batch[name], view[name])
    const others = [batch.settlements, batch.manifests, batch.closedAt]
    report.equal('view_batch', batch.id, others, [view['settlements'], view['versions'], view['closedAt']])
    report.equal('view_batch', batch.id, batch.requester, await read(node, 'requesterOf', [batch.id], block))
    report.equal('view_batch', batch.id, batch.lockedUnits, await read(node, 'lockedOf', [batch.id], block))
  })
  const tallies = batches.flatMap((batch) => [...batch.work].map(([worker, work]) => ({ batch, worker, work })))
  await each(node, 'views', tallies, async ({ batch, worker, work }) => {
    const view = (await read(node, 'tallyOf', [batch.id, worker], block)) as Args
    report.equal('view_worker', worker, tallyOf(work), {
      claimed: view['claimed'],
      submitted: Number(view['oldLot']) + Number(view['youngLot']),
      decided: view['decided'],
      contestable: view['contestable'],
      disputed: view['disputed'],
    })
  })
}

function tallyOf({ claimed, submitted, decided, contestable, disputed }: WorkBooks) {
  return { claimed, submitted, decided, contestable, disputed }
}

function compareBatch(batch: BatchBooks, books: Books, said: Said, report: Report): void {
  const { view, money } = said
  for (const name of ['funded', ...COUNTS] as const) {
    report.equal('api_counts', name, batch[name], money.counts[name])
    report.equal('api_counts', name, batch[name], name === 'funded' ? view.assignments : view[name])
  }
  const bonds = [...books.disputes.values()].reduce((sum, dispute) => sum + dispute.bond, 0n)
  compareMoney(moneyOf([batch], batch.lockedUnits, bonds), money.money, batch.id, report)
  report.equal('api_terms', 'requester', batch.requester, view.requester)
  report.equal('api_terms', 'settlements', batch.settlements, view.settlements)
  for (const [name, value] of Object.entries(batch.terms)) report.equal('api_terms', name, value, view.terms[name])
  report.equal('api_terms', 'reward', batch.terms['reward'], view.reward_units)
  const ended = new Map(said.disputes.map((dispute) => [BigInt(dispute.dispute_id), dispute]))
  report.equal('api_dispute', batch.id, books.disputes.size, said.disputes.length)
  for (const [id, dispute] of books.disputes) {
    const found = ended.get(BigInt(id))
    const given = found && [found.count, found.accepted, found.state]
    report.equal('api_dispute', hexOf(id), [dispute.count, dispute.accepted, dispute.state], given)
  }
}

function moneyOf(batches: BatchBooks[], locked: bigint, bonds: bigint) {
  const sum = (units: (batch: BatchBooks) => bigint) => batches.reduce((total, batch) => total + units(batch), 0n)
  const paid: Record<string, bigint> = {}
  for (const batch of batches) for (const [reason, units] of batch.paid) paid[reason] = (paid[reason] ?? 0n) + units
  return {
    funded_units: sum((batch) => batch.fundedUnits),
    paid_units: sum((batch) => batch.paidUnits),
    operator_fee_units: sum((batch) => batch.feeUnits),
    returned_fee_units: sum((batch) => batch.returnedUnits),
    refunded_units: sum((batch) => batch.refundedUnits),
    held_units: sum((batch) => batch.heldUnits),
    bonus_units: sum((batch) => batch.bonusUnits),
    arbitration_units: sum((batch) => batch.arbitrationUnits),
    locked_units: locked,
    bond_units: bonds,
    paid_by_reason: paid,
  }
}

function compareMoney(
  ours: ReturnType<typeof moneyOf>,
  theirs: Schemas['Money'],
  subject: string,
  report: Report,
): void {
  for (const name of Object.keys(ours) as (keyof typeof ours)[])
    report.equal('api_money', `${name} ${subject}`, ours[name], theirs[name])
}

/** Every log has its event at the gateway, with the same words, and the other way round. */
function compareEvents(logs: Log[], events: Schemas['EventView'][], report: Report): void {
  const theirs = new Map(events.map((event) => [`${event.block_number}/${event.log_index}`, event]))
  for (const log of logs) {
    if (log.args['batchId'] === undefined) continue // bonds name a dispute; its row was compared
    const place = `${log.block}/${log.index}`
    const event = theirs.get(place)
    theirs.delete(place)
    const given = event && { name: event.name, transaction: event.transaction_hash, ...event.args }
    report.equal(
      'api_event',
      `${log.name} ${place}`,
      { name: log.name, transaction: log.transaction, ...log.args },
      given,
    )
  }
  for (const [place, event] of theirs)
    report.equal('api_event', `${event.name} ${place}`, undefined, event.transaction_hash)
}

function hexOf(value: unknown): Hex {
  return numberToHex(big(value), { size: 32 })
}
