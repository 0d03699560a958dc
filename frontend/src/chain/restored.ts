// The wallet after a reload: wagmi names its address at once, but it can be asked only when it was found again.
import type { Config } from 'wagmi'
import { type GetConnectionReturnType, getConnection, watchConnection } from 'wagmi/actions'

/** The wallet's connection, once nobody is still looking for it. */
export function restored(config: Config): Promise<GetConnectionReturnType> {
  return new Promise((done) => {
    const found = getConnection(config)
    if (isSettled(found)) return done(found)
    const stop = watchConnection(config, {
      onChange: (next) => {
        if (!isSettled(next)) return
        stop()
        done(next)
      },
    })
  })
}

function isSettled({ status }: GetConnectionReturnType): boolean {
  return status === 'connected' || status === 'disconnected'
}
