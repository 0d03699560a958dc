// A reviewer's own record: what was tested of its verdicts, how it came out, and what its reviews were paid.
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { Schemas } from '../api/client'
import { useLive } from '../api/live'
import { useSession } from '../chain/session'
import { Money } from '../parts/chain'
import { Gate } from '../parts/SignIn'
import { Shown } from '../parts/states'
import { reviewerRecordQuery } from '../reviews/queries'
import { useTexts } from '../texts'

export default function ReviewerRecord() {
  const { t } = useTexts()
  const { address } = useSession()
  return (
    <>
      <p className="eyebrow">
        <Link to="/review">{t('review.title')}</Link>
      </p>
      <h1>{t('reviewer.title')}</h1>
      <p className="lead">{t('reviewer.lead')}</p>
      <Gate>{address && <Own reviewer={address} />}</Gate>
    </>
  )
}

function Own({ reviewer }: { reviewer: string }) {
  useLive(`/v1/live/reviewers/${reviewer}`, [['reviewer-record', reviewer]])
  return <Shown query={useQuery(reviewerRecordQuery(reviewer))}>{(found) => <Record found={found} />}</Shown>
}

function Record({ found }: { found: Schemas['ReviewerRecord'] }) {
  const { t, number, percent } = useTexts()
  const { accuracy, drawn, pay, rejections, signed } = found
  return (
    <>
      <div className="figures">
        <section className="card figure main">
          <h2>{t('reviewer.held')}</h2>
          <p className="money big">{accuracy.share === null ? t('reviewer.untested') : percent(accuracy.share)}</p>
          <p className="fine">
            {accuracy.tested > 0
              ? t('reviewer.held_of', { held: number(accuracy.held), count: accuracy.tested })
              : t('reviewer.untested_note')}
          </p>
        </section>
        <section className="card figure">
          <h2>{t('reviewer.paid')}</h2>
          <Money units={pay.paid_units} big />
          <p className="fine">{t('reviewer.reviews', { count: pay.reviews })}</p>
        </section>
        <section className="card figure">
          <h2>{t('reviewer.waiting')}</h2>
          <Money units={pay.waiting_units} big />
          <p className="fine">{t('reviewer.reviews', { count: pay.waiting })}</p>
        </section>
      </div>
      <section>
        <h2>{t('reviewer.tests')}</h2>
        <dl className="facts">
          <Fact name={t('reviewer.drawn_agreed')}>
            {t('reviewer.of', { part: number(drawn.agreed), all: number(drawn.decided) })}
          </Fact>
          <Fact name={t('reviewer.drawn_open')}>{number(drawn.given - drawn.decided)}</Fact>
          <Fact name={t('reviewer.upheld')}>{number(rejections.upheld)}</Fact>
          <Fact name={t('reviewer.granted')}>{number(rejections.granted)}</Fact>
          <Fact name={t('reviewer.taken_back')}>{number(rejections.taken_back)}</Fact>
        </dl>
      </section>
      <section>
        <h2>{t('reviewer.signed')}</h2>
        <p>
          {t('reviewer.signed_counts', {
            accepted: number(signed.accepted),
            rejected: number(signed.rejected),
            count: signed.batches,
          })}
        </p>
        <p className="fine">{t('reviewer.note')}</p>
      </section>
    </>
  )
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}
