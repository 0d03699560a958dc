// The time that is left for a claim. It warns once at five minutes and once at one.
import { useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { useTexts } from '../texts'
import { clock } from '../texts/amounts'
import { aliveQuery } from './queries'

export function Lease({ end }: { end: number }) {
  const { t, language } = useTexts()
  const [now, setNow] = useState(() => Date.now() / 1000)
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now() / 1000), 1_000)
    return () => clearInterval(timer)
  }, [])
  const ahead = useQuery(aliveQuery).data?.ahead ?? 0
  const left = end - now - ahead
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
