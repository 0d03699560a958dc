// A picture in its closed frame, and boxes that the app draws over it.
import { useQuery } from '@tanstack/react-query'
import { type PointerEvent, type ReactNode, useState } from 'react'
import { Failed } from '../../parts/states'
import { TaskFrame } from '../../parts/TaskFrame'
import { useTexts } from '../../texts'
import type { Part } from '../../work/content'
import { partsQuery } from '../../work/queries'
import type { Hear } from '../control'
import type { Json } from '../schema'
import type { Box, Corner } from './geometry'
import './boxes.css'

type Props = {
  content: Json
  boxes: Box[]
  labels: string[]
  selected?: number | null
  zoom?: number
  isDrawing?: boolean
  onKey?: Hear
  onPointer?: (kind: 'down' | 'move' | 'up', event: PointerEvent<HTMLElement>) => void
  children?: ReactNode
}
const CORNERS: Corner[] = ['nw', 'ne', 'sw', 'se']
const COLOURS = 6

export function Picture({
  content,
  boxes,
  labels,
  selected = null,
  zoom = 1,
  isDrawing = false,
  onKey,
  onPointer,
}: Props) {
  const { t } = useTexts()
  const image = { image: content['image'], sha256: content['sha256'] }
  const parts = useQuery(partsQuery(image, 'boxes', ['image']))
  const [shape, setShape] = useState<{ width: number; height: number } | null>(null)
  if (parts.isError) return <Failed error={parts.error} again={() => void parts.refetch()} />
  const handed: Part[] | null = parts.data ?? null
  return (
    <section className="picture" aria-label={t('boxes.picture')}>
      <div
        className="picture-stage"
        dir="ltr"
        style={{ width: `${zoom * 100}%`, aspectRatio: shape ? `${shape.width} / ${shape.height}` : '4 / 3' }}
      >
        <TaskFrame parts={handed} layout="picture" onPicture={setShape} {...(onKey ? { onKey } : {})} />
        {shape && (
          <div
            className={isDrawing ? 'picture-boxes drawing' : 'picture-boxes'}
            aria-hidden
            onPointerDown={(event) => onPointer?.('down', event)}
            onPointerMove={(event) => onPointer?.('move', event)}
            onPointerUp={(event) => onPointer?.('up', event)}
            onPointerCancel={(event) => onPointer?.('up', event)}
          >
            {boxes.map((box, at) => (
              <div
                key={at}
                data-box={at}
                className={at === selected ? 'picture-box selected' : 'picture-box'}
                data-colour={Math.max(0, labels.indexOf(box.label)) % COLOURS}
                style={{
                  left: `${box.x * 100}%`,
                  top: `${box.y * 100}%`,
                  width: `${box.width * 100}%`,
                  height: `${box.height * 100}%`,
                }}
              >
                <span dir="auto">{box.label}</span>
                {at === selected && CORNERS.map((corner) => <i key={corner} data-corner={corner} className={corner} />)}
              </div>
            ))}
          </div>
        )}
      </div>
    </section>
  )
}
