// Boxes on a picture: drawn and pulled with a mouse, a pen or a finger, or made and moved with keys alone.
import { type PointerEvent, useRef, useState } from 'react'
import { useTexts } from '../../texts'
import { type AnswerProps, type Press, useHearing } from '../control'
import { BoxList } from './BoxList'
import { type Box, between, type Corner, grown, isSlip, moved, type Point, pulled } from './geometry'
import { useHistory } from './history'
import { arrow, KeyHelp, labelAt } from './keys'
import { Picture } from './Picture'

const ZOOMS = [1, 1.5, 2, 3, 4]
/** What is drawn or pulled just now: where it began, the box before, and the box as it would be. */
type Drag = { from: Point; at: number | null; corner: Corner | null; before: Box; now: Box }

export default function BoxEditor({ way, content, answer, onAnswer, onNext, keys }: AnswerProps<'boxes'>) {
  const { t, number } = useTexts()
  const boxes = Array.isArray(answer) ? (answer as Box[]) : []
  const [label, setLabel] = useState(way.labels[0] ?? '')
  const [selected, setSelected] = useState<number | null>(null)
  const [zoom, setZoom] = useState(0)
  const [isDrawing, setDrawing] = useState(true)
  const [drag, setDrag] = useState<Drag | null>(null)
  const stage = useRef<DOMRect | null>(null)
  const history = useHistory(answer === undefined ? undefined : boxes, onAnswer)
  const current = selected !== null && selected < boxes.length ? selected : null

  const replace = (at: number, box: Box) => history.change(boxes.map((each, place) => (place === at ? box : each)))
  const add = (box: Box) => {
    if (boxes.length >= way.most) return
    history.change([...boxes, box])
    setSelected(boxes.length)
  }
  const remove = () => {
    if (current === null) return
    const left = boxes.filter((_, place) => place !== current)
    history.change(left.length > 0 ? left : undefined)
    setSelected(null)
  }
  const name = (wanted: string) => {
    setLabel(wanted)
    const box = current === null ? undefined : boxes[current]
    if (box && current !== null) replace(current, { ...box, label: wanted })
  }
  const nothing = () => {
    history.change([])
    setSelected(null)
  }
  const addInTheMiddle = () => add(between(label, { x: 0.35, y: 0.35 }, { x: 0.65, y: 0.65 }))
  const enlarge = (by: number) => setZoom((now) => Math.max(0, Math.min(ZOOMS.length - 1, now + by)))
  const step = (by: number) => {
    if (boxes.length > 0) setSelected(((current ?? (by > 0 ? -1 : 0)) + by + boxes.length) % boxes.length)
  }

  const hear = (press: Press): boolean => {
    const { key, shift, ctrl, typing, onControl } = press
    if (typing) return false
    const letter = key.toLowerCase()
    if (letter === 'y' || (letter === 'z' && shift)) history.redo()
    else if (letter === 'z') history.undo()
    else if (ctrl) return false
    else if (letter === 'n') addInTheMiddle()
    else if (key === '+' || key === '=') enlarge(1)
    else if (key === '-') enlarge(-1)
    else if (key === '.' || key === ',') step(key === '.' ? 1 : -1)
    else if (key === '0') nothing()
    else if (labelAt(way.labels, key) !== undefined) name(labelAt(way.labels, key) ?? '')
    else if (key === 'Enter' && !onControl) onNext()
    else return ofSelected(press)
    return true
  }
  const ofSelected = ({ key, shift }: Press): boolean => {
    const box = current === null ? undefined : boxes[current]
    if (!box || current === null) return false
    const by = arrow(key)
    if (by) replace(current, (shift ? grown : moved)(box, by))
    else if (key === 'Delete' || key === 'Backspace') remove()
    else if (key === 'Escape') setSelected(null)
    else return false
    return true
  }
  useHearing(keys, hear)

  const point = (event: PointerEvent<HTMLElement>): Point => {
    const { left, top, width, height } = stage.current ?? event.currentTarget.getBoundingClientRect()
    return { x: (event.clientX - left) / width, y: (event.clientY - top) / height }
  }
  const pointer = (kind: 'down' | 'move' | 'up', event: PointerEvent<HTMLElement>) => {
    if (kind === 'down') {
      if (event.button !== 0) return
      stage.current = event.currentTarget.getBoundingClientRect()
      event.currentTarget.setPointerCapture(event.pointerId)
      const target = event.target as HTMLElement
      const at = target.closest<HTMLElement>('[data-box]')?.dataset['box']
      const corner = (target.dataset['corner'] as Corner | undefined) ?? null
      const from = point(event)
      const before = at === undefined ? between(label, from, from) : boxes[Number(at)]
      if (!before) return
      setSelected(at === undefined ? null : Number(at))
      setDrag({ from, at: at === undefined ? null : Number(at), corner, before, now: before })
      return
    }
    if (!drag) return
    const now = dragged(drag, point(event))
    if (kind === 'move') return setDrag({ ...drag, now })
    setDrag(null)
    if (drag.at === null) {
      if (!isSlip(now)) add(now)
    } else if (!isSlip(now) && now !== drag.before) replace(drag.at, now)
  }

  const shown = drag
    ? drag.at === null
      ? [...boxes, drag.now]
      : boxes.map((box, place) => (place === drag.at ? drag.now : box))
    : boxes
  return (
    <>
      <fieldset className="answers">
        <legend className="fine">{t('boxes.label')}</legend>
        {way.labels.map((each, place) => (
          <button
            key={each}
            type="button"
            className="answer"
            dir="auto"
            aria-pressed={label === each}
            onClick={() => name(each)}
          >
            {place < 9 && <kbd>{place + 1}</kbd>}
            <span>{each}</span>
          </button>
        ))}
      </fieldset>
      <Picture
        content={content}
        boxes={shown}
        labels={way.labels}
        selected={drag && drag.at === null ? boxes.length : current}
        zoom={ZOOMS[zoom] ?? 1}
        isDrawing={isDrawing}
        onKey={(press) => keys.current?.(press) ?? false}
        onPointer={pointer}
      />
      <div className="box-tools" role="toolbar" aria-label={t('boxes.tools')}>
        <button type="button" className="small" aria-pressed={!isDrawing} onClick={() => setDrawing(!isDrawing)}>
          {t('boxes.move_picture')}
        </button>
        <button type="button" className="small" disabled={zoom === 0} onClick={() => enlarge(-1)}>
          <kbd>−</kbd> {t('boxes.smaller')}
        </button>
        <button type="button" className="small" disabled={zoom === ZOOMS.length - 1} onClick={() => enlarge(1)}>
          <kbd>+</kbd> {t('boxes.larger')}
        </button>
        <button type="button" className="small" disabled={!history.canUndo} onClick={history.undo}>
          <kbd>Z</kbd> {t('boxes.undo')}
        </button>
        <button type="button" className="small" disabled={!history.canRedo} onClick={history.redo}>
          <kbd>Y</kbd> {t('boxes.redo')}
        </button>
        <button type="button" className="small" disabled={boxes.length >= way.most} onClick={addInTheMiddle}>
          <kbd>N</kbd> {t('boxes.add')}
        </button>
        <button type="button" className="small" disabled={current === null} onClick={remove}>
          <kbd>Del</kbd> {t('boxes.remove')}
        </button>
        {way.least === 0 && (
          <button
            type="button"
            className="small"
            aria-pressed={Array.isArray(answer) && boxes.length === 0}
            onClick={nothing}
          >
            <kbd>0</kbd> {t('boxes.nothing')}
          </button>
        )}
      </div>
      <p className="fine" role="status">
        {t('boxes.count', { count: boxes.length })} {zoom > 0 && t('boxes.zoom', { zoom: number(ZOOMS[zoom] ?? 1) })}
      </p>
      <BoxList boxes={boxes} selected={current} onSelect={setSelected} />
      <KeyHelp />
    </>
  )
}

function dragged({ from, at, corner, before }: Drag, to: Point): Box {
  if (at === null) return between(before.label, from, to)
  if (corner) return pulled(before, corner, to)
  if (from.x === to.x && from.y === to.y) return before
  return moved(before, { x: to.x - from.x, y: to.y - from.y })
}
