// wagmi's configuration, made from what the gateway says of its chain. Wallets are found by EIP-6963.

import { defineChain } from 'viem'
import { createConfig, http, injected, unstable_connector } from 'wagmi'
import type { Schemas } from '../api/client'
import { burnerConnector } from './burner'

export type ChainFacts = Schemas['ChainView']

export function makeConfig(facts: ChainFacts, burnerName: string) {
  const chain = defineChain({
    id: facts.chain_id,
    name: facts.development ? 'Piecework development' : `EIP-155 ${facts.chain_id}`,
    nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
    rpcUrls: { default: { http: facts.rpc_url ? [facts.rpc_url] : [] } },
    ...(facts.explorer_url ? { blockExplorers: { default: { name: 'Explorer', url: facts.explorer_url } } } : {}),
    testnet: facts.development,
  })
  const connectors = facts.development && facts.rpc_url ? [burnerConnector(chain, burnerName)] : []
  return createConfig({
    chains: [chain],
    connectors,
    multiInjectedProviderDiscovery: true,
    pollingInterval: 1_000,
    // Where the gateway names no node, the reader's wallet is asked.
    transports: { [chain.id]: facts.rpc_url ? http(facts.rpc_url) : unstable_connector(injected) },
  })
}

/** Where a person can look at a transaction; null without an explorer. */
export function transactionUrl(facts: ChainFacts, hash: string): string | null {
  return facts.explorer_url ? `${facts.explorer_url.replace(/\/$/, '')}/tx/${hash}` : null
}
