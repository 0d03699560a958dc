// Who is at the keyboard: a wallet connected by wagmi, and a session of the gateway for its address.

import { useQueryClient } from '@tanstack/react-query'
import { createContext, type ReactNode, useCallback, useContext, useEffect, useMemo, useState } from 'react'
import { getAddress } from 'viem'
import { createSiweMessage } from 'viem/siwe'
import { type Connector, useConfig, useConnection } from 'wagmi'
import { connect, disconnect, getConnection, signMessage } from 'wagmi/actions'
import { api, data, onSessionEnd } from '../api/client'
import { useTexts } from '../texts'
import type { ChainFacts } from './config'
import { restored } from './restored'

/** What the page remembers; the session itself is the browser's cookie. */
type Kept = { address: string; expiresAt: number }
export type Session = {
  chain: ChainFacts
  /** The signed-in address. */
  address: string | null
  /** The wallet's address, signed in or not. */
  wallet: string | null
  wrongNetwork: boolean
  signIn: (connector?: Connector) => Promise<void>
  signOut: () => Promise<void>
}

const STORED = 'piecework.session'
const LIFETIME_SECONDS = 600
const Context = createContext<Session | null>(null)

function load(): Kept | null {
  try {
    const kept = JSON.parse(localStorage.getItem(STORED) ?? 'null') as Kept | null
    return kept && kept.expiresAt > Date.now() / 1000 ? kept : null
  } catch {
    return null
  }
}

export function SessionProvider({ chain, children }: { chain: ChainFacts; children: ReactNode }) {
  const { t } = useTexts()
  const config = useConfig()
  const client = useQueryClient()
  const connection = useConnection()
  const [kept, setKept] = useState<Kept | null>(load)

  const keep = useCallback(
    (next: Kept | null) => {
      if (next) localStorage.setItem(STORED, JSON.stringify(next))
      else localStorage.removeItem(STORED)
      setKept(next)
      void client.invalidateQueries()
    },
    [client],
  )
  useEffect(() => onSessionEnd(() => keep(null)), [keep])

  const signIn = useCallback(
    async (connector?: Connector) => {
      const found = await restored(config)
      if (connector && found.connector?.uid !== connector.uid) {
        if (found.isConnected) await disconnect(config)
        await connect(config, { connector })
      }
      const account = getConnection(config).address
      if (!account) return
      const { nonce } = await data(api.POST('/v1/auth/nonce'))
      const message = createSiweMessage({
        domain: location.host,
        address: account,
        statement: t('signin.statement').replace(/\s+/g, ' '),
        uri: location.origin,
        version: '1',
        chainId: chain.chain_id,
        nonce,
        issuedAt: new Date(),
        expirationTime: new Date(Date.now() + LIFETIME_SECONDS * 1000),
      })
      const signature = await signMessage(config, { message })
      const opened = await data(api.POST('/v1/auth/login', { body: { message, signature, session: 'cookie' } }))
      keep({ address: opened.address, expiresAt: opened.expires_at })
    },
    [chain.chain_id, config, keep, t],
  )

  const signOut = useCallback(async () => {
    await api.POST('/v1/auth/logout').catch(() => undefined)
    keep(null)
    await disconnect(config)
  }, [config, keep])

  const session = useMemo<Session>(() => {
    const wallet = connection.address ? getAddress(connection.address) : null
    return {
      chain,
      address: kept?.address ?? null,
      wallet,
      wrongNetwork: wallet !== null && connection.chainId !== chain.chain_id,
      signIn,
      signOut,
    }
  }, [chain, connection.address, connection.chainId, kept, signIn, signOut])
  return <Context value={session}>{children}</Context>
}

export function useSession(): Session {
  const found = useContext(Context)
  if (!found) throw new Error('SessionProvider')
  return found
}
