// A call on its way: waiting for the wallet, pending, confirmed, or failed with the reason; and lost as long as the
// gateway or its node does not answer, from which it goes on by itself.

import { useQueryClient } from '@tanstack/react-query'
import { useCallback, useState } from 'react'
import { useConfig } from 'wagmi'
import { getBlockNumber, sendTransaction, signTypedData, waitForTransactionReceipt } from 'wagmi/actions'
import { api, data, isLost, Problem, type Schemas } from '../api/client'
import { checkTyped, type TypedData } from './checks'
import { ofNode } from './node'
import { restored } from './restored'
import { useSession } from './session'

export type CallState =
  | { at: 'idle' | 'wallet' }
  | { at: 'pending' | 'confirmed'; transaction: string | null }
  | { at: 'failed' | 'lost'; error: unknown }

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
  /** Asks until somebody answers. What is asked may be asked twice: it reads, or carries a key (`once`). */
  patient: <T>(ask: () => Promise<T>) => Promise<T>
  pending: () => void
}

const POLL_MILLISECONDS = 300
const LOST_MILLISECONDS = 1_000

/** A header for a request that creates something: sent again, it creates nothing more. */
export function once(): { 'idempotency-key': string } {
  const random = crypto.getRandomValues(new Uint8Array(16))
  return { 'idempotency-key': Array.from(random, (byte) => byte.toString(16).padStart(2, '0')).join('') }
}

export function useCall(): Call {
  const config = useConfig()
  const client = useQueryClient()
  const { chain, address } = useSession()
  const [state, setState] = useState<CallState>({ at: 'idle' })

  const run = useCallback<Call['run']>(
    async (work) => {
      let sent: string | null = null
      const ask = async () => {
        setState({ at: 'wallet' })
        const connected = (await restored(config)).address
        if (address && connected?.toLowerCase() !== address.toLowerCase())
          throw new Problem(0, connected ? 'other_wallet' : 'no_wallet', address)
      }
      const patient: Wallet['patient'] = async (question) => {
        for (let told = false; ; told = true) {
          try {
            const found = await question()
            if (told) setState({ at: 'pending', transaction: sent })
            return found
          } catch (error) {
            if (!isLost(error)) throw error
            setState({ at: 'lost', error })
            await pause(LOST_MILLISECONDS)
          }
        }
      }
      const wallet: Wallet = {
        patient,
        async sign(typed, primaryType, expected) {
          const escrow = { address: chain.escrow, chainId: chain.chain_id }
          const checked = checkTyped(typed, escrow, primaryType, expected)
          await ask()
          const signature = await signTypedData(config, definition(checked))
          setState({ at: 'pending', transaction: null })
          return signature
        },
        async signOther(typed) {
          await ask()
          const signature = await signTypedData(config, definition(typed as TypedData))
          setState({ at: 'pending', transaction: null })
          return signature
        },
        async send(transaction) {
          // Before the wallet is asked: a transaction of which nobody knows whether it was sent is not sent again.
          const node = () => patient(() => ofNode(getBlockNumber(config, { cacheTime: 0 })).catch(onlyLost))
          await node()
          await ask()
          const hash = await sendTransaction(config, {
            to: transaction.to as `0x${string}`,
            data: transaction.data as `0x${string}`,
            value: BigInt(transaction.value ?? '0'),
            chainId: transaction.chain_id,
          })
          sent = hash
          setState({ at: 'pending', transaction: hash })
          const waits = { hash, pollingInterval: POLL_MILLISECONDS }
          const receipt = await meanwhile(
            node,
            patient(() => ofNode(waitForTransactionReceipt(config, waits))),
          )
          if (receipt.status !== 'success') throw new Problem(0, 'reverted', hash)
          await indexed(Number(receipt.blockNumber), patient)
          return hash
        },
        follow: (intentId) => follow(intentId, patient, (transaction) => setState({ at: 'pending', transaction })),
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
    [address, chain, client, config],
  )
  return { state, busy: state.at === 'wallet' || state.at === 'pending' || state.at === 'lost', run }
}

function definition(typed: TypedData) {
  return typed as unknown as Parameters<typeof signTypedData>[1]
}

/** Until the relay brought an intent on chain; its transaction. */
async function follow(
  intentId: string,
  patient: Wallet['patient'],
  seen: (transaction: string | null) => void,
): Promise<string | null> {
  for (;;) {
    const params = { path: { intent_id: intentId } }
    const found = await patient(() => data(api.GET('/v1/intents/{intent_id}', { params })))
    seen(found.transaction_hash)
    if (found.status === 'confirmed') return found.transaction_hash
    if (found.status === 'failed' || found.status === 'skipped')
      throw new Problem(409, found.error?.code ?? found.status, found.error?.detail ?? found.status)
    await pause(POLL_MILLISECONDS)
  }
}

function onlyLost(error: unknown): void {
  if (isLost(error)) throw error
}

/** What is waited for; until it is there, `look` is done again and again. */
async function meanwhile<T>(look: () => Promise<unknown>, waited: Promise<T>): Promise<T> {
  let isOver = false
  const end = () => {
    isOver = true
  }
  const over = waited.then(end, end)
  for (;;) {
    await Promise.race([over, pause(LOST_MILLISECONDS)])
    if (isOver) return waited
    await look()
  }
}

/** Until the mirror has a block, so that what comes next can be read from it. */
async function indexed(blockNumber: number, patient: Wallet['patient']): Promise<void> {
  while ((await patient(() => data(api.GET('/v1/chain')))).indexed_block < blockNumber) await pause(POLL_MILLISECONDS)
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}
