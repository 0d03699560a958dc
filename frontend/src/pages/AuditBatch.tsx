// One batch for an auditor: its money, its files, and everything that the chain says of it.
import { useQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import type { Schemas } from '../api/client'
import { Events } from '../audit/Events'
import { OtherMoney, WorkMoney } from '../audit/MoneyTable'
import { moneyQuery, resultsQuery } from '../audit/queries'
import { Verify } from '../audit/Verify'
import { Address, Transaction, When } from '../parts/chain'
import { Shown } from '../parts/states'
import { useTexts } from '../texts'
import { batchQuery } from '../work/queries'

export default function AuditBatch() {
  const { t } = useTexts()
  const { batchId } = useParams({ from: '/audit/$batchId' })
  return (
    <>
      <p className="eyebrow">
        <Link to="/audit">{t('audit.title')}</Link>
      </p>
      <Shown query={useQuery(batchQuery(batchId))}>
        {(batch) => (
          <>
            <h1 dir="auto">{batch.title ?? t('batch.untitled')}</h1>
            <Facts batch={batch} />
            <MoneyOf batchId={batchId} />
            <Verify batchId={batchId} />
            <Events batchId={batchId} />
          </>
        )}
      </Shown>
    </>
  )
}

function MoneyOf({ batchId }: { batchId: string }) {
  return (
    <Shown query={useQuery(moneyQuery(batchId))}>
      {({ money }) => (
        <div className="figures">
          <WorkMoney money={money} />
          <OtherMoney money={money} />
        </div>
      )}
    </Shown>
  )
}

/** A file's address, short in sight and whole for who points at it. */
function Cid({ of }: { of: string }) {
  return (
    <code title={of} dir="ltr">
      {`${of.slice(0, 12)}…${of.slice(-6)}`}
    </code>
  )
}

function Facts({ batch }: { batch: Schemas['BatchView'] }) {
  const { t } = useTexts()
  const results = useQuery({ ...resultsQuery(batch.batch_id), enabled: batch.settlements > 0 })
  return (
    <dl className="named">
      <dt>{t('audit.id')}</dt>
      <dd>
        <code className="whole" dir="ltr">
          {batch.batch_id}
        </code>
      </dd>
      <dt>{t('audit.requester_of')}</dt>
      <dd>
        <Link to="/audit/accounts/$address" params={{ address: batch.requester }}>
          <Address of={batch.requester} />
        </Link>
      </dd>
      <dt>{t('audit.opened')}</dt>
      <dd>
        <When at={batch.opened_at} /> · <Transaction hash={batch.transaction_hash} />
      </dd>
      <dt>{t('audit.manifest')}</dt>
      <dd>
        <a href={`/v1/payloads/${batch.manifest_cid}`} download={`${batch.manifest_cid}.json`}>
          <Cid of={batch.manifest_cid} />
        </a>
      </dd>
      {results.data && <dt>{t('audit.results')}</dt>}
      {results.data?.settlements.map((settlement) => (
        <dd key={settlement.nonce}>
          <a href={`/v1/payloads/${settlement.results_cid}`} download={`${settlement.results_cid}.json`}>
            <Cid of={settlement.results_cid} />
          </a>{' '}
          · <Transaction hash={settlement.transaction_hash} />
        </dd>
      ))}
    </dl>
  )
}
