// What the test wallet does with its key: it signs, and asks the node whatever needs no key.
import { type Address, type Chain, createClient, type Hex, http, type TypedDataDefinition } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { sendTransaction } from 'viem/actions'
import { BURNER_STORED, burnerKey } from './burner'

type Asked = { method: string; params?: unknown }

/** An EIP-1193 provider over the key kept in this browser; makes a key if there is none. */
export function burnerWallet(chain: Chain) {
  const key = burnerKey() ?? generatePrivateKey()
  localStorage.setItem(BURNER_STORED, key)
  const account = privateKeyToAccount(key)
  const client = createClient({ account, chain, transport: http(chain.rpcUrls.default.http[0]) })

  async function request({ method, params }: Asked): Promise<unknown> {
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
        return sendTransaction(client, { ...wanted, value: BigInt(wanted.value ?? '0x0') } as never)
      }
      default:
        return client.request({ method, params } as never)
    }
  }
  return { address: account.address, request }
}
