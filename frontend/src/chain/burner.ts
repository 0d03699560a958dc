// A wallet for trying things: its key lies in this browser, on development chains only.

import {
  type Address,
  type Chain,
  createPublicClient,
  createWalletClient,
  type EIP1193RequestFn,
  getAddress,
  type Hex,
  http,
  type TypedDataDefinition,
} from 'viem'
import { createConnector } from 'wagmi'

const STORED = 'piecework.test-wallet'
export const BURNER = 'piecework-test-wallet'

/** The key kept in this browser. */
export function burnerKey(): Hex | null {
  return localStorage.getItem(STORED) as Hex | null
}

/** The test wallet's account; makes a key if there is none. What signs is loaded only by those who use it. */
async function burnerAccount() {
  const { generatePrivateKey, privateKeyToAccount } = await import('viem/accounts')
  const key = burnerKey() ?? generatePrivateKey()
  localStorage.setItem(STORED, key)
  return privateKeyToAccount(key)
}

export function hasBurner(): boolean {
  return burnerKey() !== null
}

type Asked = { method: string; params?: unknown }

/** An EIP-1193 provider over the key; what needs no key goes to the node. */
export function burnerConnector(chain: Chain, name: string) {
  const transport = http(chain.rpcUrls.default.http[0])
  const node = createPublicClient({ chain, transport })
  let opened = false

  async function request({ method, params }: Asked): Promise<unknown> {
    const account = await burnerAccount()
    const given = (params ?? []) as unknown[]
    switch (method) {
      case 'eth_accounts':
      case 'eth_requestAccounts':
        return [account.address]
      case 'eth_chainId':
        return `0x${chain.id.toString(16)}`
      case 'personal_sign':
        return account.signMessage({ message: { raw: given[0] as Hex } })
      case 'eth_signTypedData_v4':
        return account.signTypedData(JSON.parse(given[1] as string) as TypedDataDefinition)
      case 'eth_sendTransaction': {
        const wanted = given[0] as { to: Address; data?: Hex; value?: Hex }
        const value = BigInt(wanted.value ?? '0x0')
        return createWalletClient({ account, chain, transport }).sendTransaction({ ...wanted, value } as never)
      }
      default:
        return node.request({ method, params } as never)
    }
  }

  const provider = { request: request as EIP1193RequestFn, on: () => {}, removeListener: () => {} }
  return createConnector((config) => ({
    id: BURNER,
    name,
    type: 'burner',
    async connect() {
      opened = true
      const accounts = [(await burnerAccount()).address]
      return { accounts: accounts as never, chainId: chain.id }
    },
    async disconnect() {
      opened = false
    },
    async getAccounts() {
      return hasBurner() ? [getAddress((await burnerAccount()).address)] : []
    },
    async getChainId() {
      return chain.id
    },
    async getProvider() {
      return provider
    },
    async isAuthorized() {
      return opened || hasBurner()
    },
    onAccountsChanged() {},
    onChainChanged() {},
    onDisconnect() {
      config.emitter.emit('disconnect')
    },
  }))
}
