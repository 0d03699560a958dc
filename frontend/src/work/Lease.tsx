// The time that is left for a claim. It warns once at five minutes and once at one.
import { useEffect, useState } from 'react'
import { useTexts } from '../texts'
import { clock } from '../texts/amounts'

export function Lease({ end }: { end: number }) {
  const { t, language } = useTexts()
  const [now, setNow] = useState(() => Date.now() / 1000)
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now() / 1000), 1_000)
    return () => clearInterval(timer)
  }, [])
  const left = end - now
  const mood = left < 60 ? 'bad' : left < 300 ? 'warn' : ''
  return (
    <span className={`lease ${mood}`}>
      <span role="timer">{t('work.time_left', { time: clock(left, language) })}</span>
      <span className="visually-hidden" aria-live="polite">
        {mood && t(mood === 'bad' ? 'work.one_minute' : 'work.five_minutes')}
      </span>
    </span>
  )
}
