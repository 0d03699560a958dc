// A task's content in a frame without an origin: it can neither read this page nor fetch anything (frame.html), but for
// media of hosts that the reader agreed to ask.
import { useEffect, useMemo, useRef, useState } from 'react'
import type { Hear, Remote } from '../answers/control'
import { useTheme } from '../app/theme'
import { useTexts } from '../texts'
import { hostsOf, type Part, withoutHosts } from '../work/content'
import { useHosts } from '../work/hosts'

type Shape = { width: number; height: number }
type Props = {
  /** Null while they are fetched: the frame stays, empty. */
  parts: Part[] | null
  /** `picture`: one picture that fills the frame's width. */
  layout?: 'page' | 'picture'
  onKey?: Hear
  onBroken?: () => void
  /** Told once all that these parts show has its size, or was waited for long enough. */
  onSettled?: () => void
  onPicture?: (shape: Shape) => void
  remote?: Remote
}
type Said = Partial<{
  from: string
  ready: boolean
  height: number
  key: string
  shift: boolean
  ctrl: boolean
  broken: boolean
  settled: number
  picture: Shape
}>
const HIGHEST = 2_000
/** After that nobody is kept waiting for a picture: what does not load may never do so. */
export const LONGEST_MILLISECONDS = 20_000
let turns = 0

export function TaskFrame({ parts, layout = 'page', onKey, onBroken, onSettled, onPicture, remote }: Props) {
  const { t, direction } = useTexts()
  const { theme } = useTheme()
  const { agreed, agree } = useHosts()
  const frame = useRef<HTMLIFrameElement>(null)
  const [ready, setReady] = useState(0)
  const [height, setHeight] = useState(160)
  const handlers = useRef({ onKey, onBroken, onSettled, onPicture })
  handlers.current = { onKey, onBroken, onSettled, onPicture }
  const hosts = parts ? hostsOf(parts) : []
  const asked = hosts.filter((host) => !agreed.includes(host))
  const isLinked = hosts.length > asked.length
  const agreedHosts = agreed.join(' ')
  /** What is shown, under a number of its own, so that late words of a frame about others are passed over. */
  const shown = useMemo(() => {
    turns += 1
    return { turn: turns, parts: parts && withoutHosts(parts, agreedHosts.split(' ')) }
  }, [parts, agreedHosts])
  const [settled, setSettled] = useState(0)
  const turn = useRef(0)
  turn.current = shown.turn

  useEffect(() => {
    const post = (message: Record<string, unknown>) => frame.current?.contentWindow?.postMessage(message, '*')
    const hear = (event: MessageEvent) => {
      if (event.source !== frame.current?.contentWindow) return
      const said = event.data as Said
      if (said.from !== 'task-frame') return
      const told = handlers.current
      if (said.ready) setReady((times) => times + 1)
      if (typeof said.height === 'number') setHeight(Math.min(HIGHEST, Math.max(40, said.height)))
      if (typeof said.key === 'string')
        told.onKey?.({
          key: said.key,
          shift: said.shift === true,
          ctrl: said.ctrl === true,
          typing: false,
          onControl: false,
        })
      if (said.broken) told.onBroken?.()
      if (said.picture && said.picture.width > 0 && said.picture.height > 0) told.onPicture?.(said.picture)
      if (said.settled === turn.current) {
        setSettled(turn.current)
        told.onSettled?.()
      }
    }
    if (remote) remote.current = post
    addEventListener('message', hear)
    return () => removeEventListener('message', hear)
  }, [remote])
  useEffect(() => {
    if (!ready || shown.parts === null) return
    const words = {
      image: t('work.image_alt'),
      audio: t('work.audio_alt'),
      a: t('answer.a'),
      b: t('answer.b'),
      left: t('answer.left'),
      right: t('answer.right'),
    }
    const message = { turn: shown.turn, parts: shown.parts, theme, direction, layout, words }
    frame.current?.contentWindow?.postMessage(message, '*')
  }, [ready, shown, theme, direction, layout, t])
  const isSettled = settled === shown.turn
  const [late, setLate] = useState(0)
  const isLate = late === shown.turn && !isSettled
  useEffect(() => {
    if (isSettled) return
    const timer = setTimeout(() => {
      setLate(shown.turn)
      handlers.current.onSettled?.()
    }, LONGEST_MILLISECONDS)
    return () => clearTimeout(timer)
  }, [isSettled, shown])
  return (
    <>
      {asked.length > 0 && (
        <div className="notice warn">
          <p>
            {t('work.linked')} <bdi>{asked.join(', ')}</bdi>
          </p>
          <p>{t('work.linked_means')}</p>
          <button type="button" onClick={() => agree(asked)}>
            {t('work.linked_load')}
          </button>
        </div>
      )}
      {isLate && (
        <p className="notice warn" role="status" data-late>
          {t('work.not_loaded')}
        </p>
      )}
      <iframe
        ref={frame}
        key={isLinked ? 'linked' : 'closed'}
        className={isSettled || isLate ? 'task-frame' : 'task-frame waiting'}
        data-settled={isSettled}
        src={isLinked ? '/frame-linked.html' : '/frame.html'}
        sandbox="allow-scripts"
        allow="autoplay"
        referrerPolicy="no-referrer"
        title={t('work.frame_title')}
        height={height}
      />
    </>
  )
}
