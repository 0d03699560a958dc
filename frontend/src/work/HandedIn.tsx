// After handing in: what it will bring, and what happens next.
import { Link } from '@tanstack/react-router'
import { useEffect, useRef } from 'react'
import { Money } from '../parts/chain'
import { useTexts } from '../texts'

export function HandedIn({ units }: { units: string }) {
  const { t } = useTexts()
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => heading.current?.focus(), [])
  return (
    <section className="card done">
      <p className="eyebrow">{t('work.handed_in')}</p>
      <h2 ref={heading} tabIndex={-1}>
        <Money units={units} big /> {t('work.on_the_way')}
      </h2>
      <p>{t('work.what_next')}</p>
      <div className="choices">
        <Link to="/earnings" className="button primary">
          {t('nav.earnings')}
        </Link>
        <Link to="/" className="button">
          {t('work.more')}
        </Link>
      </div>
    </section>
  )
}
