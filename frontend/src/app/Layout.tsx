// What surrounds each page: the way around, language, theme, and notices that concern all pages.

import { Link, Outlet, useRouterState } from '@tanstack/react-router'
import { Suspense, useEffect, useRef } from 'react'
import { useSession } from '../chain/session'
import { Address } from '../parts/chain'
import { LostNotice } from '../parts/LostNotice'
import { OfflineNotice } from '../parts/states'
import { WrongNetwork } from '../parts/WrongNetwork'
import { Unread } from '../talk/Unread'
import { LANGUAGES, type Language, type Texts, useTexts } from '../texts'
import type { Key } from '../texts/plural'
import { later } from './patiently'
import { useTheme } from './theme'

const Asked = later(() => import('../revisions/Asked'))

export function Layout() {
  const { t } = useTexts()
  const { address } = useSession()
  const path = useRouterState({ select: (state) => state.location.pathname })
  const main = useRef<HTMLElement>(null)
  const first = useRef(true)
  useEffect(() => {
    document.title = titleOf(path, t)
    if (!first.current) main.current?.focus({ preventScroll: true })
    first.current = false
  }, [path, t])
  return (
    <>
      <a className="skip" href="#main">
        {t('nav.skip')}
      </a>
      <header className="top">
        <Link to="/" className="brand">
          <img src="/icon.svg" alt="" width="28" height="28" />
          <span>{t('site.name')}</span>
        </Link>
        <nav aria-label={t('nav.label')}>
          <Link to="/" activeOptions={{ exact: true }}>
            {t('nav.work')}
          </Link>
          <Link to="/earnings">{t('nav.earnings')}</Link>
          <Link to="/rejections">{t('nav.rejections')}</Link>
          <Link to="/requests">{t('nav.requests')}</Link>
          <Link to="/review">{t('nav.review')}</Link>
          <Link to="/jury">{t('nav.jury')}</Link>
          <Link to="/audit">{t('nav.audit')}</Link>
        </nav>
        <div className="tools">
          <LanguageChoice />
          <Theme />
          {address && <Unread address={address} />}
          <Link to="/wallet" className="button small">
            {address ? <Address of={address} /> : t('nav.sign_in')}
          </Link>
        </div>
      </header>
      <main id="main" ref={main} tabIndex={-1}>
        <OfflineNotice />
        <LostNotice />
        <WrongNetwork />
        <Suspense>{address && <Asked address={address} />}</Suspense>
        <Outlet />
      </main>
      <Footer />
    </>
  )
}

/** The longest beginning of a path that has a title names its page; the first page has the site's own. */
const TITLES: [string, Key][] = [
  ['/requests/lists', 'pools.title'],
  ['/requests/new', 'draft.title'],
  ['/requests', 'requests.title'],
  ['/review/record', 'reviewer.title'],
  ['/review', 'review.title'],
  ['/revisions', 'revise.inbox'],
  ['/rejections', 'rejections.title'],
  ['/earnings', 'earnings.title'],
  ['/messages', 'messages.title'],
  ['/tasks', 'work.title'],
  ['/wallet', 'wallet.title'],
  ['/audit', 'audit.title'],
  ['/jury', 'jury.title'],
]

function titleOf(path: string, t: Texts['t']): string {
  const found = TITLES.find(([start]) => path.startsWith(start))
  return found ? `${t(found[1])} · ${t('site.name')}` : t('site.title')
}

function LanguageChoice() {
  const { t, language, choose } = useTexts()
  return (
    <label>
      <span className="visually-hidden">{t('nav.language')}</span>
      <select value={language} onChange={(event) => choose(event.target.value as Language)}>
        {Object.entries(LANGUAGES).map(([code, name]) => (
          <option key={code} value={code} lang={code}>
            {name}
          </option>
        ))}
      </select>
    </label>
  )
}

function Theme() {
  const { t } = useTexts()
  const { theme, toggle } = useTheme()
  return (
    <button type="button" className="icon" aria-label={t('nav.theme')} aria-pressed={theme === 'dark'} onClick={toggle}>
      <svg viewBox="0 0 24 24" width="20" height="20" aria-hidden="true">
        <path
          d="M12 3a9 9 0 1 0 9 9 7 7 0 0 1-9-9z"
          fill={theme === 'dark' ? 'currentColor' : 'none'}
          stroke="currentColor"
          strokeWidth="2"
          strokeLinejoin="round"
        />
      </svg>
    </button>
  )
}

function Footer() {
  const { t } = useTexts()
  const { chain } = useSession()
  return (
    <footer>
      {chain.development && <p>{t('site.development', { symbol: chain.token.symbol })}</p>}
      <p>
        {t('site.escrow')}{' '}
        <code className="whole" dir="ltr">
          {chain.escrow}
        </code>{' '}
        · <a href="/docs">{t('site.api')}</a>
      </p>
    </footer>
  )
}
