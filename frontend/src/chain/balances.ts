// What an address holds by itself, asked of the chain: tokens, and the chain's own coin that pays for its transactions.
import { erc20Abi } from 'viem'
import type { Config } from 'wagmi'
import { getBalance, readContract } from 'wagmi/actions'
import type { ChainFacts } from './config'

export async function balancesOf(config: Config, chain: ChainFacts, address: string) {
  const owner = address as `0x${string}`
  const asked = { abi: erc20Abi, address: chain.token.address as `0x${string}`, functionName: 'balanceOf' } as const
  const [token, coin] = await Promise.all([
    readContract(config, { ...asked, args: [owner] }),
    getBalance(config, { address: owner }),
  ])
  return { token, coin: coin.value }
}
