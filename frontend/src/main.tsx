import { QueryClient, QueryClientProvider, useQuery } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode, useMemo } from 'react'
import { createRoot } from 'react-dom/client'
import { WagmiProvider } from 'wagmi'
import { isLost, Problem } from './api/client'
import { router } from './app/router'
import { ThemeProvider } from './app/theme'
import { type ChainFacts, makeConfig } from './chain/config'
import { SessionProvider } from './chain/session'
import { Shown } from './parts/states'
import { TextsProvider, useTexts } from './texts'
import { chainQuery } from './work/queries'
import './styles/base.css'
import './styles/layout.css'
import './styles/parts.css'
import './styles/requests.css'
import './styles/answers.css'
import './styles/talk.css'

const TRIES = 3
const LOST_MILLISECONDS = 3_000
const client = new QueryClient({
  defaultOptions: {
    queries: {
      // What the gateway refuses it refuses again; what did not answer may answer soon.
      retry: (times, error) => times < TRIES && error instanceof Problem && (error.status === 0 || error.status >= 500),
      networkMode: 'always',
      // Who could not ask asks again, until there is an answer.
      refetchInterval: ({ state }) => isLost(state.error) && LOST_MILLISECONDS,
      staleTime: 1_000,
    },
  },
})

function App() {
  return <Shown query={useQuery(chainQuery)}>{(chain) => <Connected chain={chain} />}</Shown>
}

function Connected({ chain }: { chain: ChainFacts }) {
  const { t } = useTexts()
  const name = t('signin.test_wallet_name')
  // biome-ignore lint/correctness/useExhaustiveDependencies: a fresh block number must not drop the connection
  const config = useMemo(() => makeConfig(chain, name), [chain.chain_id, chain.escrow, chain.rpc_url])
  // Rendered again, wagmi looks for the wallet again, which cannot be asked until it is found.
  return useMemo(
    () => (
      <WagmiProvider config={config}>
        <Inside />
      </WagmiProvider>
    ),
    [config],
  )
}

function Inside() {
  const chain = useQuery(chainQuery).data
  return chain ? (
    <SessionProvider chain={chain}>
      <RouterProvider router={router} />
    </SessionProvider>
  ) : null
}

const place = document.getElementById('app')
if (place)
  createRoot(place).render(
    <StrictMode>
      <TextsProvider>
        <ThemeProvider>
          <QueryClientProvider client={client}>
            <App />
          </QueryClientProvider>
        </ThemeProvider>
      </TextsProvider>
    </StrictMode>,
  )
