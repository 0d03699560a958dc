// One address for an auditor: its record in both roles, and every event about it.
import { useQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { Schemas } from '../api/client'
import { Events } from '../audit/Events'
import { Money } from '../parts/chain'
import { Shown } from '../parts/states'
import { Standing } from '../talk/Standing'
import { useTexts } from '../texts'
import { accountQuery } from '../work/queries'

export default function AuditAccount() {
  const { t } = useTexts()
  const { address } = useParams({ from: '/audit/accounts/$address' })
  return (
    <>
      <p className="eyebrow">
        <Link to="/audit">{t('audit.title')}</Link>
      </p>
      <h1>{t('audit.account')}</h1>
      <p>
        <code className="whole" dir="ltr">
          {address}
        </code>
      </p>
      <Shown query={useQuery(accountQuery(address))}>{(found) => <Record found={found} />}</Shown>
      <Standing of={address} />
      <Events account={address} />
    </>
  )
}

function Record({ found }: { found: Schemas['AccountView'] }) {
  const { t, number } = useTexts()
  const asked = found.as_requester
  return (
    <div className="figures">
      <section className="card sum">
        <h2>{t('audit.as_worker')}</h2>
        <dl>
          <Line label={t('audit.record.accepted')}>{number(found.accepted)}</Line>
          <Line label={t('audit.record.rejected')}>{number(found.rejected)}</Line>
          <Line label={t('audit.record.contested')}>{number(found.contested)}</Line>
          <Line label={t('audit.record.won')}>{number(found.disputes_won)}</Line>
          <Line label={t('audit.record.lost')}>{number(found.disputes_lost)}</Line>
          <Line label={t('audit.record.owed')}>
            <Money units={found.owed_units} />
          </Line>
          <Line label={t('audit.record.withdrawn')}>
            <Money units={found.withdrawn_units} />
          </Line>
        </dl>
      </section>
      <section className="card sum">
        <h2>{t('audit.as_requester')}</h2>
        <dl>
          <Line label={t('audit.batches')}>{number(asked.batches)}</Line>
          <Line label={t('audit.record.funded')}>{number(asked.funded)}</Line>
          <Line label={t('audit.record.accepted')}>{number(asked.accepted)}</Line>
          <Line label={t('audit.record.rejected')}>{number(asked.rejected)}</Line>
          <Line label={t('audit.record.overturned')}>{number(asked.overturned)}</Line>
          <Line label={t('audit.record.refunded')}>{number(asked.refunded)}</Line>
        </dl>
      </section>
    </div>
  )
}

function Line({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  )
}
