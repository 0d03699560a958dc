// A bonus on its way: a deposit if the account is short, then the one transaction. Both are read before they are sent.
import { decodeFunctionData, type Hex, parseAbi } from 'viem'
import type { Config } from 'wagmi'
import { api, data, type Schemas, units } from '../api/client'
import type { Wallet } from '../chain/calls'
import { checkDigest, NotWhatWasAsked, type TypedData } from '../chain/checks'
import type { ChainFacts } from '../chain/config'
import { checkPermit, ofEscrow } from './fund'
import { permission } from './permission'

const TERMS =
  'uint96 reward, uint96 operatorFee, uint96 disputeFee, address reviewer, address assigner, address operator, address gate, address arbitrator, uint40 claimBy, uint32 lease, uint32 reviewWindow, uint32 disputeWindow, uint32 rulingWindow, uint16 maxClaim, uint8 flags, bytes32 manifest'
const ABI = parseAbi([
  `struct Terms { ${TERMS.replaceAll(',', ';')}; }`,
  'struct BatchKey { address requester; bytes32 salt; Terms terms; }',
  'function bonus(BatchKey key, address worker, uint96 amount, bytes32 reasonDigest)',
] as readonly string[]) as readonly unknown[]

const NO_REASON = `0x${'0'.repeat(64)}`

export type Bonus = { batchId: string; worker: string; amount: bigint; reason: string }

/** Brings `short` units of the wallet into the account, if any, and gives the bonus; its transaction. */
export async function give(
  wallet: Wallet,
  config: Config,
  chain: ChainFacts,
  me: string,
  bonus: Bonus,
  short: bigint,
): Promise<string> {
  if (short > 0n) await deposit(wallet, config, chain, me, short)
  const reason = bonus.reason.trim()
  const body = { worker: bonus.worker, amount_units: units(bonus.amount), ...(reason ? { reason } : {}) }
  const params = { path: { batch_id: bonus.batchId } }
  const drafted = await wallet.patient(() => data(api.POST('/v1/batches/{batch_id}/bonuses/draft', { params, body })))
  checkBonus(drafted, me, { ...bonus, reason })
  return wallet.send(ofEscrow(drafted.transaction, chain))
}

async function deposit(wallet: Wallet, config: Config, chain: ChainFacts, me: string, amount: bigint): Promise<void> {
  const { permit } = await wallet.patient(() =>
    data(api.POST('/v1/deposits/draft', { body: { amount_units: units(amount) } })),
  )
  const typed = permit as unknown as TypedData
  if (checkPermit(typed, chain, me, amount) !== amount) throw new NotWhatWasAsked('value')
  const signature = await permission(wallet, config, chain, me, permit, amount)
  const body = { amount_units: units(amount), deadline: Number(typed.message['deadline']), signature }
  const { transaction } = await wallet.patient(() => data(api.POST('/v1/deposits/transaction', { body })))
  await wallet.send(ofEscrow(transaction, chain))
}

/** Raises unless the transaction gives this worker this amount, for the reason that was written. */
function checkBonus(drafted: Schemas['BonusDraft'], me: string, asked: Bonus): void {
  const { functionName, args } = decodeFunctionData({ abi: ABI as never, data: drafted.transaction.data as Hex }) as {
    functionName: string
    args: [{ requester: string }, string, bigint, string]
  }
  const [key, worker, amount, digest] = args
  const same = (a: string, b: string) => a.toLowerCase() === b.toLowerCase()
  if (functionName !== 'bonus' || !same(key.requester, me)) throw new NotWhatWasAsked('requester')
  if (!same(worker, asked.worker)) throw new NotWhatWasAsked('worker')
  if (amount !== asked.amount) throw new NotWhatWasAsked('amount')
  if (!asked.reason) {
    if (digest !== NO_REASON) throw new NotWhatWasAsked('reason')
    return
  }
  checkDigest(drafted.document, digest)
  if (drafted.document?.['reason'] !== asked.reason) throw new NotWhatWasAsked('reason')
}
