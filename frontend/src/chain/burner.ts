// A wallet for trying things: its key lies in this browser, on development chains only.

import type { Chain, EIP1193RequestFn, Hex } from 'viem'
import { createConnector } from 'wagmi'

export const BURNER_STORED = 'piecework.test-wallet'
export const BURNER = 'piecework-test-wallet'

/** The key kept in this browser. */
export function burnerKey(): Hex | null {
  return localStorage.getItem(BURNER_STORED) as Hex | null
}

/** wagmi's connector of it. What signs and asks the node is loaded by those who use it (burnerProvider.ts). */
export function burnerConnector(chain: Chain, name: string) {
  let opened = false
  const wallet = () => import('./burnerProvider').then(({ burnerWallet }) => burnerWallet(chain))
  const request = async (asked: { method: string; params?: unknown }) => (await wallet()).request(asked)
  const provider = { request: request as EIP1193RequestFn, on: () => {}, removeListener: () => {} }
  return createConnector((config) => ({
    id: BURNER,
    name,
    type: 'burner',
    async connect() {
      opened = true
      const accounts = [(await wallet()).address]
      return { accounts: accounts as never, chainId: chain.id }
    },
    async disconnect() {
      opened = false
    },
    async getAccounts() {
      return burnerKey() ? [(await wallet()).address] : []
    },
    async getChainId() {
      return chain.id
    },
    async getProvider() {
      return provider
    },
    async isAuthorized() {
      return opened || burnerKey() !== null
    },
    onAccountsChanged() {},
    onChainChanged() {},
    onDisconnect() {
      config.emitter.emit('disconnect')
    },
  }))
}
