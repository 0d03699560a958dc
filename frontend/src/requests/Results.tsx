// Labels so far: filtered by words and confidence, and as a file.
import { useQuery } from '@tanstack/react-query'
import { useDeferredValue, useMemo, useState } from 'react'
import { answerText } from '../answers/says'
import { wayOf } from '../answers/way'
import type { Schemas } from '../api/client'
import { download } from '../parts/download'
import { Empty, Failed, Loading } from '../parts/states'
import { Table } from '../parts/Table'
import { useTexts } from '../texts'
import { resultsQuery } from './queries'
import { writeCsv } from './table/csv'

type Label = { task: string; label: unknown; confidence: number | null }
const SHOWN = 50
const SHARES = [1, 0.9, 0.75, 0.6]

export function Results({ batch }: { batch: Schemas['BatchView'] }) {
  const { t } = useTexts()
  const isEarly = batch.settlements === 0
  const query = useQuery({ ...resultsQuery(batch.batch_id), enabled: !isEarly })
  return (
    <section>
      <h2>{t('results.title')}</h2>
      {query.data ? (
        <Labels labels={query.data.labels as unknown as Label[]} batch={batch} cids={query.data.settlements} />
      ) : isEarly ? (
        <Empty title={t('results.none')}>
          <p>{t('results.none_hint')}</p>
        </Empty>
      ) : query.isError ? (
        <Failed error={query.error} again={() => void query.refetch()} />
      ) : (
        <Loading />
      )}
    </section>
  )
}

type Props = { labels: Label[]; batch: Schemas['BatchView']; cids: Schemas['SettlementView'][] }

function Labels({ labels, batch, cids }: Props) {
  const texts = useTexts()
  const { t, percent } = texts
  const way = wayOf(batch.task_type, batch.answer_schema ?? {})
  const [words, setWords] = useState('')
  const [below, setBelow] = useState('')
  const [shown, setShown] = useState(SHOWN)
  const wanted = useDeferredValue(words.trim().toLowerCase())
  const found = useMemo(
    () =>
      labels.filter(
        (item) =>
          (!below || (item.confidence ?? 0) < Number(below)) &&
          (!wanted || `${item.task} ${textOf(item.label)}`.toLowerCase().includes(wanted)),
      ),
    [labels, below, wanted],
  )
  const name = `results-${batch.batch_id.slice(2, 10)}`
  return (
    <>
      <div className="row spread">
        <div className="row">
          <label className="search">
            <span className="visually-hidden">{t('results.search')}</span>
            <input
              type="search"
              placeholder={t('results.search')}
              value={words}
              onChange={(event) => setWords(event.target.value)}
            />
          </label>
          <label>
            <span className="visually-hidden">{t('results.confidence')}</span>
            <select className="tall" value={below} onChange={(event) => setBelow(event.target.value)}>
              <option value="">{t('results.any_confidence')}</option>
              {SHARES.map((share) => (
                <option key={share} value={share}>
                  {t('results.below', { share: percent(share) })}
                </option>
              ))}
            </select>
          </label>
        </div>
        <div className="row">
          <button type="button" onClick={() => download(`${name}.csv`, csvOf(found))}>
            {t('results.csv')}
          </button>
          <button type="button" onClick={() => download(`${name}.json`, jsonOf(batch.batch_id, found))}>
            {t('results.json')}
          </button>
        </div>
      </div>
      <p className="fine" role="status">
        {t('results.count', { count: found.length })}
      </p>
      {found.length > 0 && (
        <Table label={t('results.title')} head={[t('results.task'), t('results.label'), t('results.confidence')]}>
          {found.slice(0, shown).map((item) => (
            <tr key={item.task}>
              <td>
                <code>{item.task}</code>
              </td>
              <td dir="auto" className="cell">
                {item.label === null ? <em>{t('results.no_label')}</em> : answerText(texts, way, item.label)}
              </td>
              <td>{item.confidence === null ? '–' : percent(item.confidence)}</td>
            </tr>
          ))}
        </Table>
      )}
      {found.length > shown && (
        <button type="button" onClick={() => setShown(shown + SHOWN * 4)}>
          {t('state.more')}
        </button>
      )}
      <Exports batchId={batch.batch_id} />
      <details className="fine">
        <summary>{t('results.files', { count: cids.length })}</summary>
        <ul className="plain-list">
          {cids.map((item) => (
            <li key={item.nonce}>
              <a href={`/v1/payloads/${item.results_cid}`} className="whole">
                <code>{item.results_cid}</code>
              </a>
            </li>
          ))}
        </ul>
      </details>
    </>
  )
}

const FORMATS = ['csv', 'answers-csv', 'jsonl', 'label-studio'] as const

/** Files that the gateway streams, whole. */
function Exports({ batchId }: { batchId: string }) {
  const { t } = useTexts()
  const path = `/v1/batches/${batchId}`
  return (
    <details className="fine">
      <summary>{t('results.export')}</summary>
      <ul className="plain-list">
        {FORMATS.map((format) => (
          <li key={format}>
            <a href={`${path}/export?format=${format}`} download>
              {t(`results.export.${format}`)}
            </a>
          </li>
        ))}
        <li>
          <a href={`${path}/label-studio.xml`} download={`interface-${batchId.slice(2, 10)}.xml`}>
            {t('results.export.interface')}
          </a>
        </li>
      </ul>
    </details>
  )
}

function textOf(label: unknown): string {
  return typeof label === 'string' ? label : label === null ? '' : JSON.stringify(label)
}

function csvOf(labels: Label[]): Blob {
  const rows = labels.map(({ task, label, confidence }) => [task, textOf(label), confidence?.toString() ?? ''])
  return new Blob([writeCsv(['task', 'label', 'confidence'], rows)], { type: 'text/csv' })
}

function jsonOf(batchId: string, labels: Label[]): Blob {
  return new Blob([JSON.stringify({ batch_id: batchId, labels }, null, 1)], { type: 'application/json' })
}
