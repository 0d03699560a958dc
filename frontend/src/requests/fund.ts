// From a draft to a funded batch: what the gateway drafted is compared with what was asked before anything is signed.
import type { Config } from 'wagmi'
import { api, data, Problem, type Schemas, units } from '../api/client'
import type { Wallet } from '../chain/calls'
import { NotWhatWasAsked, type TypedData } from '../chain/checks'
import type { ChainFacts } from '../chain/config'
import { permission } from './permission'
import type { Numbers } from './plan'

export type Draft = Schemas['DraftView']

/** Drafts the batch; the body comes as it is from the table's worker. */
export async function draft(body: Blob, numbers: Numbers, tasks: number): Promise<Draft> {
  const text = await body.text()
  const found = await data(
    api.POST('/v1/batches', { body: text as never, bodySerializer: (whole: unknown) => whole as string }),
  )
  return checkDraft(found, numbers.reward, BigInt(tasks) * BigInt(numbers.answersPerTask))
}

/** Raises unless a draft is of so many assignments at this reward, and costs just that and its fee. */
export function checkDraft(found: Draft, reward: bigint, assignments: bigint): Draft {
  const fee = BigInt(found.cost.operator_fee_units)
  const isAsAsked =
    BigInt(found.assignments) === assignments &&
    BigInt(found.cost.reward_units) === reward * assignments &&
    BigInt(found.cost.total_units) === BigInt(found.cost.reward_units) + fee &&
    BigInt(String(found.terms['reward'])) === reward
  if (!isAsAsked) throw new NotWhatWasAsked('cost')
  return found
}

/** What the wallet's permit lets the escrow take: cost and reserve, less what lies in the account already. */
export function permitValue(found: Draft): bigint {
  const message = (found.permit?.['message'] ?? {}) as Record<string, unknown>
  return BigInt(String(message['value'] ?? '0'))
}

/** Signs the permit if one is needed (a contract approves instead), and sends the transaction that opens the batch. */
export async function fund(
  wallet: Wallet,
  config: Config,
  chain: ChainFacts,
  me: string,
  found: Draft,
  most: bigint,
): Promise<string> {
  let transaction = found.transaction
  if (found.permit) {
    const value = checkPermit(found.permit as unknown as TypedData, chain, me, most)
    const signature = await permission(wallet, config, chain, me, found.permit, value)
    const deadline = Number((found.permit['message'] as Record<string, unknown>)['deadline'])
    const body = { permit: { amount_units: units(value), deadline, signature } }
    const params = { path: { batch_id: found.batch_id } }
    const drafted = await wallet.patient(() => data(api.POST('/v1/batches/{batch_id}/transaction', { params, body })))
    transaction = drafted.transaction
  }
  if (!transaction) throw new Problem(0, 'no_data', '')
  return wallet.send(ofEscrow(transaction, chain))
}

/** Raises unless the transaction goes to the escrow on this chain and carries no coin. */
export function ofEscrow(transaction: Schemas['Transaction'], chain: ChainFacts): Schemas['Transaction'] {
  const isOurs = transaction.to.toLowerCase() === chain.escrow.toLowerCase() && transaction.chain_id === chain.chain_id
  if (!isOurs || BigInt(transaction.value) !== 0n) throw new NotWhatWasAsked(transaction.to)
  return transaction
}

/** Raises unless a permit is of this chain's token, for the escrow alone and for `most` at most; its amount. */
export function checkPermit(typed: TypedData, chain: ChainFacts, owner: string, most: bigint): bigint {
  const same = (a: unknown, b: unknown) => String(a).toLowerCase() === String(b).toLowerCase()
  const { domain, message } = typed
  const value = BigInt(String(message['value']))
  if (typed.primaryType !== 'Permit' || !same(domain['verifyingContract'], chain.token.address))
    throw new NotWhatWasAsked('permit')
  if (Number(domain['chainId']) !== chain.chain_id || !same(message['spender'], chain.escrow))
    throw new NotWhatWasAsked('spender')
  if (!same(message['owner'], owner) || value > most) throw new NotWhatWasAsked('value')
  return value
}
