// What keys do on a picture, and their list for the reader.
import { Fragment } from 'react'
import { useTexts } from '../../texts'
import type { Key } from '../../texts/plural'
import type { Point } from './geometry'

const STEP = 0.01
const ARROWS: Record<string, Point> = {
  ArrowLeft: { x: -STEP, y: 0 },
  ArrowRight: { x: STEP, y: 0 },
  ArrowUp: { x: 0, y: -STEP },
  ArrowDown: { x: 0, y: STEP },
}
const HELP: [keys: string, text: Key][] = [
  ['N', 'boxes.key_new'],
  ['← ↑ → ↓', 'boxes.key_move'],
  ['⇧ ← ↑ → ↓', 'boxes.key_size'],
  [', .', 'boxes.key_select'],
  ['1–9', 'boxes.key_label'],
  ['Del', 'boxes.key_remove'],
  ['Z Y', 'boxes.key_undo'],
  ['+ −', 'boxes.key_zoom'],
  ['Esc', 'boxes.key_leave'],
  ['Enter', 'boxes.key_next'],
]

export function arrow(key: string): Point | undefined {
  return ARROWS[key]
}

/** The label that a digit chooses. */
export function labelAt(labels: string[], key: string): string | undefined {
  return /^[1-9]$/.test(key) ? labels[Number(key) - 1] : undefined
}

export function KeyHelp() {
  const { t } = useTexts()
  return (
    <details className="fine">
      <summary>{t('boxes.keys')}</summary>
      <dl className="named">
        {HELP.map(([keys, text]) => (
          <Fragment key={keys}>
            <dt dir="ltr">
              <kbd>{keys}</kbd>
            </dt>
            <dd>{t(text)}</dd>
          </Fragment>
        ))}
      </dl>
    </details>
  )
}
