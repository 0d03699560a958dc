// A call on its way: waiting for the wallet, pending, confirmed, or failed with the reason.

import { useQueryClient } from '@tanstack/react-query'
import { useCallback, useState } from 'react'
import { useConfig } from 'wagmi'
import { sendTransaction, signTypedData, waitForTransactionReceipt } from 'wagmi/actions'
import { api, data, Problem, type Schemas } from '../api/client'
import { checkTyped, type TypedData } from './checks'
import { useSession } from './session'

export type CallState =
  | { at: 'idle' | 'wallet' }
  | { at: 'pending' | 'confirmed'; transaction: string | null }
  | { at: 'failed'; error: unknown }

export type Call = {
  state: CallState
  busy: boolean
  /** Runs the work and follows it; `true` if it was confirmed. */
  run: (work: (wallet: Wallet) => Promise<string | null | undefined>) => Promise<boolean>
}

/** What a piece of work may ask of the wallet and the chain; each moves the shown state. */
export type Wallet = {
  sign: (typed: unknown, primaryType: string, expected: Record<string, string | number>) => Promise<string>
  /** Signs a message of another contract than the escrow, such as the token's permit. */
  signOther: (typed: unknown) => Promise<string>
  send: (transaction: Schemas['Transaction']) => Promise<string>
  follow: (intentId: string) => Promise<string | null>
  pending: () => void
}

const POLL_MILLISECONDS = 300

export function useCall(): Call {
  const config = useConfig()
  const client = useQueryClient()
  const { chain, address, wallet: connected } = useSession()
  const [state, setState] = useState<CallState>({ at: 'idle' })

  const run = useCallback<Call['run']>(
    async (work) => {
      const ask = () => {
        if (address && connected?.toLowerCase() !== address.toLowerCase())
          throw new Problem(0, connected ? 'other_wallet' : 'no_wallet', address)
        setState({ at: 'wallet' })
      }
      const wallet: Wallet = {
        async sign(typed, primaryType, expected) {
          const escrow = { address: chain.escrow, chainId: chain.chain_id }
          const checked = checkTyped(typed, escrow, primaryType, expected)
          ask()
          const signature = await signTypedData(config, definition(checked))
          setState({ at: 'pending', transaction: null })
          return signature
        },
        async signOther(typed) {
          ask()
          const signature = await signTypedData(config, definition(typed as TypedData))
          setState({ at: 'pending', transaction: null })
          return signature
        },
        async send(transaction) {
          ask()
          const hash = await sendTransaction(config, {
            to: transaction.to as `0x${string}`,
            data: transaction.data as `0x${string}`,
            value: BigInt(transaction.value ?? '0'),
            chainId: transaction.chain_id,
          })
          setState({ at: 'pending', transaction: hash })
          const receipt = await waitForTransactionReceipt(config, { hash, pollingInterval: POLL_MILLISECONDS })
          if (receipt.status !== 'success') throw new Problem(0, 'reverted', hash)
          await indexed(Number(receipt.blockNumber))
          return hash
        },
        follow: (intentId) => follow(intentId, (transaction) => setState({ at: 'pending', transaction })),
        pending: () => setState({ at: 'pending', transaction: null }),
      }
      setState({ at: 'pending', transaction: null })
      try {
        const transaction = (await work(wallet)) ?? null
        setState({ at: 'confirmed', transaction })
        return true
      } catch (error) {
        setState({ at: 'failed', error })
        return false
      } finally {
        void client.invalidateQueries()
      }
    },
    [address, chain, client, config, connected],
  )
  return { state, busy: state.at === 'wallet' || state.at === 'pending', run }
}

function definition(typed: TypedData) {
  return typed as unknown as Parameters<typeof signTypedData>[1]
}

/** Until the relay brought an intent on chain; its transaction. */
async function follow(intentId: string, seen: (transaction: string | null) => void): Promise<string | null> {
  for (;;) {
    const params = { path: { intent_id: intentId } }
    const found = await data(api.GET('/v1/intents/{intent_id}', { params }))
    seen(found.transaction_hash)
    if (found.status === 'confirmed') return found.transaction_hash
    if (found.status === 'failed' || found.status === 'skipped')
      throw new Problem(409, found.error?.code ?? found.status, found.error?.detail ?? found.status)
    await pause()
  }
}

/** Until the mirror has a block, so that what comes next can be read from it. */
async function indexed(blockNumber: number): Promise<void> {
  while ((await data(api.GET('/v1/chain'))).indexed_block < blockNumber) await pause()
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, POLL_MILLISECONDS))
}
