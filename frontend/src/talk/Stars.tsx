// A number of stars out of five.
import { useTexts } from '../texts'

const MOST = 5

export function Stars({ count }: { count: number }) {
  const { t } = useTexts()
  return (
    <span className="stars" role="img" aria-label={t('rating.star', { count })}>
      {'★'.repeat(count)}
      {'☆'.repeat(MOST - count)}
    </span>
  )
}
