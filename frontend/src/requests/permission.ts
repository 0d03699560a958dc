// What lets the escrow take money out of a wallet: a key signs a permit; a contract has none, and approves by its own call.
import { encodeFunctionData, erc20Abi } from 'viem'
import type { Config } from 'wagmi'
import { getBytecode, readContract } from 'wagmi/actions'
import type { Wallet } from '../chain/calls'
import type { ChainFacts } from '../chain/config'
import { ofNode } from '../chain/node'

/** What stands as code at a key's address that delegates (EIP-7702): it signs and pays gas itself, a contract's owner does. */
const DELEGATED = '0xef0100'

/** Whether a wallet is a contract, without a key of its own. */
export async function isContract(config: Config, address: string): Promise<boolean> {
  const code = await getBytecode(config, { address: address as `0x${string}` })
  return code !== undefined && !code.startsWith(DELEGATED)
}

/**
 * The signature of a permit for `amount`; null once the token allows it without one, since the contract that `me` is
 * approved it (its own transaction, unless it did before).
 */
export async function permission(
  wallet: Wallet,
  config: Config,
  chain: ChainFacts,
  me: string,
  permit: unknown,
  amount: bigint,
): Promise<string | null> {
  if (!(await wallet.patient(() => ofNode(isContract(config, me))))) return wallet.signOther(permit)
  const [owner, spender] = [me as `0x${string}`, chain.escrow as `0x${string}`]
  const token = { abi: erc20Abi, address: chain.token.address as `0x${string}` } as const
  const allowed = await wallet.patient(() =>
    ofNode(readContract(config, { ...token, functionName: 'allowance', args: [owner, spender] })),
  )
  if (allowed < amount) {
    const data = encodeFunctionData({ abi: erc20Abi, functionName: 'approve', args: [spender, amount] })
    await wallet.send({ to: chain.token.address, data, value: '0', chain_id: chain.chain_id })
  }
  return null
}
