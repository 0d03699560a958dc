// What the work came to: how right, at what cost, who agrees; the gateway's full report with charts as a file.
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { Schemas } from '../api/client'
import { Money } from '../parts/chain'
import { download } from '../parts/download'
import { Failed, Shown } from '../parts/states'
import { useTexts } from '../texts'
import { reportPage, reportQuery } from './queries'

type Found = Schemas['RequesterReport']

export function Report({ batch }: { batch: Schemas['BatchView'] }) {
  const { t } = useTexts()
  const batchId = batch.batch_id
  const isEarly = batch.submitted + batch.accepted + batch.contestable + batch.disputed === 0
  const query = useQuery({ ...reportQuery(batchId), enabled: !isEarly })
  const [failed, setFailed] = useState<unknown>(null)
  const save = () => {
    setFailed(null)
    reportPage(batchId).then((page) => download(`report-${batchId.slice(2, 10)}.html`, page), setFailed)
  }
  return (
    <section>
      <div className="row spread">
        <h2>{t('report.title')}</h2>
        <button type="button" className="small" disabled={isEarly} onClick={save}>
          {t('report.save')}
        </button>
      </div>
      {failed !== null && <Failed error={failed} />}
      {isEarly ? (
        <p className="fine">{t('report.none')}</p>
      ) : (
        <Shown query={query}>{(report) => <Facts report={report} />}</Shown>
      )}
    </section>
  )
}

function Facts({ report }: { report: Found }) {
  const { t, percent, number } = useTexts()
  const share = (found: Schemas['ShareView'] | null | undefined) =>
    found
      ? t('report.between', { value: percent(found.value), low: percent(found.low), high: percent(found.high) })
      : '–'
  const alike = report.agreement.likeness ?? report.agreement.pairwise
  const lowest = report.confidence_bins.findIndex((count) => count > 0)
  return (
    <>
      <dl className="facts">
        <div>
          <dt>{t('report.right')}</dt>
          <dd>{share(report.accuracy.known_answers ?? report.accuracy.estimate)}</dd>
        </div>
        {alike && (
          <div>
            <dt>{t(report.agreement.likeness ? 'report.likeness' : 'report.agreement')}</dt>
            <dd>{share(alike)}</dd>
          </div>
        )}
        {report.cost?.per_label_units != null && (
          <div>
            <dt>{t('report.per_label')}</dt>
            <dd>
              <Money units={report.cost.per_label_units} />
            </dd>
          </div>
        )}
        <div>
          <dt>{t('report.people')}</dt>
          <dd>{number(report.workers)}</dd>
        </div>
      </dl>
      {report.labels.length > 0 && (
        <Bars
          title={t('report.labels')}
          bars={report.labels.slice(0, 12).map(({ label, tasks }) => ({ name: label, count: tasks }))}
        />
      )}
      {lowest >= 0 && (
        <Bars
          title={t('report.confidence')}
          bars={report.confidence_bins
            .map((count, at) => ({ name: `${percent(at / 10)}–${percent((at + 1) / 10)}`, count }))
            .slice(lowest)}
        />
      )}
    </>
  )
}

/** A bar for each name, with its count beside it. */
function Bars({ title, bars }: { title: string; bars: { name: string; count: number }[] }) {
  const { number } = useTexts()
  const most = Math.max(1, ...bars.map(({ count }) => count))
  return (
    <figure className="bars">
      <figcaption>{title}</figcaption>
      <dl>
        {bars.map(({ name, count }) => (
          <div key={name}>
            <dt dir="auto">{name}</dt>
            <dd>
              <meter min={0} max={most} value={count} aria-label={name} /> <span>{number(count)}</span>
            </dd>
          </div>
        ))}
      </dl>
    </figure>
  )
}
