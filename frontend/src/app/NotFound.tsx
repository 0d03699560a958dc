// An address that is no page.
import { Link } from '@tanstack/react-router'
import { Empty } from '../parts/states'
import { useTexts } from '../texts'

export function NotFound() {
  const { t } = useTexts()
  return (
    <Empty title={t('state.not_found')}>
      <Link to="/" className="button">
        {t('nav.work')}
      </Link>
    </Empty>
  )
}
