// A task's content in a frame without an origin: it can neither read this page nor fetch anything (frame.html).
import { useEffect, useRef, useState } from 'react'
import { useTheme } from '../app/theme'
import { useTexts } from '../texts'
import type { Part } from '../work/content'

type Props = { parts: Part[]; onKey?: (key: string) => void; onBroken?: () => void }

export function TaskFrame({ parts, onKey, onBroken }: Props) {
  const { t, direction } = useTexts()
  const { theme } = useTheme()
  const frame = useRef<HTMLIFrameElement>(null)
  const [ready, setReady] = useState(0)
  const [height, setHeight] = useState(160)
  const handlers = useRef({ onKey, onBroken })
  handlers.current = { onKey, onBroken }

  useEffect(() => {
    const hear = (event: MessageEvent) => {
      if (event.source !== frame.current?.contentWindow) return
      const said = event.data as { from?: string; ready?: boolean; height?: number; key?: string; broken?: boolean }
      if (said.from !== 'task-frame') return
      if (said.ready) setReady((times) => times + 1)
      if (typeof said.height === 'number') setHeight(Math.min(2_000, Math.max(40, said.height)))
      if (typeof said.key === 'string') handlers.current.onKey?.(said.key)
      if (said.broken) handlers.current.onBroken?.()
    }
    addEventListener('message', hear)
    return () => removeEventListener('message', hear)
  }, [])
  useEffect(() => {
    if (ready) frame.current?.contentWindow?.postMessage({ parts, theme, direction, alt: t('work.image_alt') }, '*')
  }, [ready, parts, theme, direction, t])
  return (
    <iframe
      ref={frame}
      className="task-frame"
      src="/frame.html"
      sandbox="allow-scripts"
      referrerPolicy="no-referrer"
      title={t('work.frame_title')}
      height={height}
    />
  )
}
