// An address that is no page.
import { Link } from '@tanstack/react-router'
import { useTexts } from '../texts'

export function NotFound() {
  const { t } = useTexts()
  return (
    <div className="empty">
      <h1>{t('state.not_found')}</h1>
      <Link to="/" className="button">
        {t('nav.work')}
      </Link>
    </div>
  )
}
