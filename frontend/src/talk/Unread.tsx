// The way to one's messages, with how many are new.
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useTexts } from '../texts'
import { unreadQuery } from './queries'

export function Unread({ address }: { address: string }) {
  const { t, number } = useTexts()
  const { data: count = 0 } = useQuery(unreadQuery(address))
  return (
    <Link to="/messages" className="button icon letters">
      <svg viewBox="0 0 24 24" width="20" height="20" aria-hidden="true">
        <path
          d="M3 5h18v14H3zM3 6l9 7 9-7"
          fill="none"
          stroke="currentColor"
          strokeWidth="2"
          strokeLinejoin="round"
          strokeLinecap="round"
        />
      </svg>
      <span className="visually-hidden">{t('nav.messages')}</span>
      {count > 0 && (
        <span className="badge">
          <span aria-hidden="true">{number(count)}</span>
          <span className="visually-hidden">{t('messages.new', { count })}</span>
        </span>
      )}
    </Link>
  )
}
