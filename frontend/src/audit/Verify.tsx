// "Verify": computes everything anew in this browser, says how far it is, and can be given up.
import { useRef, useState } from 'react'
import type { Address, Client } from 'viem'
import { useConfig } from 'wagmi'
import { Problem } from '../api/client'
import { useSession } from '../chain/session'
import { Failed } from '../parts/states'
import { useTexts } from '../texts'
import { FACTS, type Fact, type Report } from './report'

type State =
  | { at: 'idle' }
  | { at: 'busy'; step: 'logs' | 'blocks' | 'views'; done: number; total: number }
  | { at: 'done'; report: Report }
  | { at: 'failed'; error: unknown }

export function Verify({ batchId }: { batchId?: string }) {
  const { t } = useTexts()
  const { chain, wallet } = useSession()
  const config = useConfig()
  const [state, setState] = useState<State>({ at: 'idle' })
  const giveUp = useRef<AbortController | null>(null)

  const run = async () => {
    const control = new AbortController()
    giveUp.current = control
    setState({ at: 'busy', step: 'logs', done: 0, total: 0 })
    try {
      const { verifyAll, verifyBatch } = await import('./verify')
      const node = {
        client: config.getClient() as Client,
        escrow: chain.escrow as Address,
        signal: control.signal,
        tick: (step: 'logs' | 'blocks' | 'views', done: number, total: number) => {
          if (!control.signal.aborted) setState({ at: 'busy', step, done, total })
        },
      }
      const report = await (batchId ? verifyBatch(node, chain, batchId) : verifyAll(node, chain))
      if (!control.signal.aborted) setState({ at: 'done', report })
    } catch (error) {
      if (control.signal.aborted) return
      const lost = error instanceof Problem ? error : new Problem(0, 'node_unreachable', String(error))
      setState({ at: 'failed', error: lost })
    }
  }
  const stop = () => {
    giveUp.current?.abort()
    setState({ at: 'idle' })
  }

  return (
    <section className="card verify" aria-labelledby="verify-title">
      <h2 id="verify-title">{t('verify.title')}</h2>
      <p>{batchId ? t('verify.lead') : t('verify.lead_all')}</p>
      {!chain.rpc_url && !wallet && <p className="notice warn">{t('verify.no_node')}</p>}
      {state.at === 'busy' ? (
        <div role="status">
          <label>
            {t(`verify.step.${state.step}`)}
            <progress max={state.total || 1} value={state.done} />
          </label>
          <button type="button" onClick={stop}>
            {t('verify.cancel')}
          </button>
        </div>
      ) : (
        <button type="button" className="primary" disabled={!chain.rpc_url && !wallet} onClick={() => void run()}>
          {state.at === 'idle' ? t('verify.run') : t('verify.again')}
        </button>
      )}
      {state.at === 'failed' && <Failed error={state.error} />}
      {state.at === 'done' && <Result report={state.report} />}
    </section>
  )
}

function Result({ report }: { report: Report }) {
  const { t, number } = useTexts()
  const wrong = new Set(report.differs.map((item) => item.fact))
  const count = [...report.checked.values()].reduce((sum, times) => sum + times, 0)
  return (
    <div data-verified={report.differs.length === 0 ? 'clean' : 'differs'}>
      <p className={report.differs.length ? 'notice bad' : 'notice good'} role="status">
        {report.differs.length ? t('verify.bad', { count: report.differs.length }) : t('verify.good', { count })}
      </p>
      {report.differs.length > 0 && (
        <ul className="reasons differences">
          {report.differs.slice(0, 50).map((item) => (
            <li key={`${item.fact}-${item.subject}`} className="bad">
              <strong>{t(`verify.fact.${item.fact}`)}</strong> <bdi>{item.subject}</bdi>
              <dl>
                <dt>{t('verify.from_logs')}</dt>
                <dd dir="ltr">{item.expected}</dd>
                <dt>{t('verify.said')}</dt>
                <dd dir="ltr">{item.found}</dd>
              </dl>
            </li>
          ))}
        </ul>
      )}
      <h3>{t('verify.checked')}</h3>
      <ul className="facts">
        {FACTS.filter((fact): fact is Fact => report.checked.has(fact)).map((fact) => (
          <li key={fact} className={wrong.has(fact) ? 'bad' : 'good'}>
            <span aria-hidden="true">{wrong.has(fact) ? '✗' : '✓'}</span>{' '}
            <span className="visually-hidden">{wrong.has(fact) ? t('verify.differs') : t('verify.agrees')}</span>{' '}
            {t(`verify.fact.${fact}`)} <span className="fine">{number(report.checked.get(fact) ?? 0)}</span>
          </li>
        ))}
      </ul>
      <h3>{t('verify.not_checked')}</h3>
      <ul className="reasons">
        {report.left.map((left) => (
          <li key={left}>{t(`verify.left.${left}`)}</li>
        ))}
      </ul>
    </div>
  )
}
