// Boxes as words: for those who cannot see the picture's frames, and to choose one without a pointer.
import { useTexts } from '../../texts'
import type { Box } from './geometry'

type Props = { boxes: Box[]; selected?: number | null; onSelect?: (at: number) => void }

export function BoxList({ boxes, selected = null, onSelect }: Props) {
  const { t, percent, number } = useTexts()
  if (boxes.length === 0) return null
  const words = (box: Box, at: number) => (
    <span>
      {number(at + 1)}. <bdi>{box.label}</bdi>{' '}
      <span className="fine">
        {t('boxes.place', {
          x: percent(box.x),
          y: percent(box.y),
          width: percent(box.width),
          height: percent(box.height),
        })}
      </span>
    </span>
  )
  return (
    <ol className="box-list">
      {boxes.map((box, at) => (
        <li key={at}>
          {onSelect ? (
            <button type="button" className="small" aria-pressed={at === selected} onClick={() => onSelect(at)}>
              {words(box, at)}
            </button>
          ) : (
            words(box, at)
          )}
        </li>
      ))}
    </ol>
  )
}
