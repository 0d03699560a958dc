// Addresses, transactions and money as they stand in a line of text.
import { type ReactNode, useState } from 'react'
import { transactionUrl } from '../chain/config'
import { useSession } from '../chain/session'
import { useTexts } from '../texts'
import { wholeHundredths } from '../texts/amounts'

export function Address({ of }: { of: string }) {
  return (
    <code className="address" title={of} dir="ltr">
      {`${of.slice(0, 6)}…${of.slice(-4)}`}
    </code>
  )
}

export function Transaction({ hash }: { hash: string }) {
  const { chain } = useSession()
  const url = transactionUrl(chain, hash)
  const short = (
    <code className="address" title={hash} dir="ltr">
      {`${hash.slice(0, 10)}…${hash.slice(-4)}`}
    </code>
  )
  return url ? (
    <a href={url} rel="noreferrer" target="_blank">
      {short}
    </a>
  ) : (
    <Copyable text={hash}>{short}</Copyable>
  )
}

/** Where no explorer is known, the whole of it can be taken along. */
function Copyable({ text, children }: { text: string; children: ReactNode }) {
  const { t } = useTexts()
  const [copied, setCopied] = useState(false)
  const copy = () => void navigator.clipboard.writeText(text).then(() => setCopied(true))
  return (
    <button type="button" className="copy" onClick={copy}>
      {children} <span className="visually-hidden">{t('chain.copy')}</span>
      <svg viewBox="0 0 16 16" width="14" height="14" aria-hidden="true">
        <path
          d={copied ? 'M2 9l4 4 8-9' : 'M5 5h8v9H5zM3 11V2h8'}
          fill="none"
          stroke="currentColor"
          strokeWidth="1.5"
          strokeLinejoin="round"
        />
      </svg>
      <span className="visually-hidden" role="status">
        {copied && t('chain.copied')}
      </span>
    </button>
  )
}

export function Money({ units, big = false }: { units: bigint | string; big?: boolean }) {
  const { chain } = useSession()
  const { money } = useTexts()
  return <span className={big ? 'money big' : 'money'}>{money(units, chain.token)}</span>
}

/** What an hour pays. */
export function Hourly({ units }: { units: bigint | string }) {
  const { chain } = useSession()
  return <Money units={wholeHundredths(units, chain.token.decimals)} />
}

export function When({ at }: { at: number }) {
  const { date, distance } = useTexts()
  const { chain } = useSession()
  return (
    <time dateTime={new Date(at * 1000).toISOString()} title={date(at)}>
      {distance(at, chainNow(chain.block_timestamp))}
    </time>
  )
}

/** The chain's clock, which a development chain may have set ahead; seconds. */
export function chainNow(blockTimestamp: number): number {
  return Math.max(Math.floor(Date.now() / 1000), blockTimestamp)
}
