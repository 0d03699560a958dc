// A requester's own page, in a frame without an origin, once the worker has read what that means.
import { Fragment, useEffect, useRef } from 'react'
import { useTexts } from '../texts'
import { hostOf } from '../work/content'
import { useHosts } from '../work/hosts'
import { type AnswerProps, useHearing } from './control'
import type { Json } from './schema'

export default function External({ content, answer, onAnswer, onNext, keys, isPreview }: AnswerProps<'external'>) {
  const { t } = useTexts()
  const url = String(content['url'] ?? '')
  const host = hostOf(url)
  const { agreed, agree } = useHosts()
  const given = answer as Json | undefined
  useHearing(keys, ({ key, typing, onControl, ctrl }) => {
    if (key !== 'Enter' || typing || onControl || ctrl || !given) return false
    onNext()
    return true
  })
  const line = useRef<HTMLParagraphElement>(null)
  const isGiven = given !== undefined
  useEffect(() => {
    if (isGiven) line.current?.focus() // out of the frame, which keeps its keys to itself
  }, [isGiven])
  if (!host) return <p className="notice warn">{t('external.no_link')}</p>
  if (!agreed.includes(host))
    return (
      <div className="notice warn">
        <p>
          {t('external.before')} <bdi>{host}</bdi>
        </p>
        <p>{t('external.means')}</p>
        <button type="button" disabled={isPreview} onClick={() => agree([host])}>
          {t('external.open')}
        </button>
      </div>
    )
  return (
    <>
      <Page url={url} onAnswer={onAnswer} />
      <p className="fine" ref={line} tabIndex={-1} role="status">
        {t(given ? 'external.received' : 'external.waits')}
      </p>
      {given && (
        <dl className="named">
          {Object.entries(given).map(([name, text]) => (
            <Fragment key={name}>
              <dt dir="auto">{name}</dt>
              <dd dir="auto">{String(text)}</dd>
            </Fragment>
          ))}
        </dl>
      )}
    </>
  )
}

function Page({ url, onAnswer }: { url: string; onAnswer: (answer: unknown) => void }) {
  const { t } = useTexts()
  const frame = useRef<HTMLIFrameElement>(null)
  const latest = useRef(onAnswer)
  latest.current = onAnswer
  const title = t('external.title')
  useEffect(() => {
    const hear = (event: MessageEvent) => {
      if (event.source !== frame.current?.contentWindow) return
      const said = event.data as { from?: string; ready?: boolean; answer?: Json }
      if (said.from !== 'external-frame') return
      if (said.ready) frame.current?.contentWindow?.postMessage({ url, title }, '*')
      if (said.answer) latest.current(said.answer)
    }
    addEventListener('message', hear)
    return () => removeEventListener('message', hear)
  }, [url, title])
  return (
    <iframe
      ref={frame}
      className="external-frame"
      src="/external.html"
      sandbox="allow-scripts allow-forms"
      referrerPolicy="no-referrer"
      title={title}
    />
  )
}
