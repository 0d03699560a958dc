// What a recording says, with keys for the player that work while one types.
import { useEffect, useId, useState } from 'react'
import { useTexts } from '../texts'
import { type AnswerProps, useFocus, useHearing } from './control'

type Given = { text: string; unintelligible: boolean }
const SKIP_SECONDS = 3
const SPEED_STEP = 0.25
const EMPTY: Given = { text: '', unintelligible: false }

export default function Transcript({
  way,
  answer,
  onAnswer,
  onNext,
  keys,
  frame,
  isPreview,
}: AnswerProps<'transcript'>) {
  const { t, number } = useTexts()
  const id = useId()
  const field = useFocus<HTMLTextAreaElement>(isPreview)
  const given = { ...EMPTY, ...(answer as Partial<Given> | undefined) }
  const { isPlaying, speed } = usePlayer()
  const tell = (act: string, by = 0) => frame.current?.({ play: { act, by } })
  const controls = [
    { key: 'Escape', does: () => tell('toggle'), label: t(isPlaying ? 'answer.pause' : 'answer.play') },
    { key: 'F2', does: () => tell('skip', -SKIP_SECONDS), label: t('answer.back', { count: SKIP_SECONDS }) },
    { key: 'F4', does: () => tell('skip', SKIP_SECONDS), label: t('answer.forward', { count: SKIP_SECONDS }) },
    { key: 'F8', does: () => tell('speed', -SPEED_STEP), label: t('answer.slower') },
    { key: 'F9', does: () => tell('speed', SPEED_STEP), label: t('answer.faster') },
  ]
  const mark = () => {
    onAnswer(given.unintelligible ? undefined : { text: '', unintelligible: true })
    if (!given.unintelligible) onNext()
  }
  useHearing(keys, ({ key, ctrl, typing }) => {
    const control = controls.find((each) => each.key === key)
    if (control) control.does()
    else if (key.toLowerCase() === 'u' && !typing && !ctrl) mark()
    else return false
    return true
  })
  return (
    <>
      <fieldset className="player-keys">
        <legend className="visually-hidden">{t('answer.player')}</legend>
        {controls.map(({ key, does, label }) => (
          <button key={key} type="button" className="small" aria-keyshortcuts={key} onClick={does}>
            <kbd>{key === 'Escape' ? 'Esc' : key}</kbd> {label}
          </button>
        ))}
        <span className="fine" role="status">
          {t('answer.speed', { speed: number(speed) })}
        </span>
      </fieldset>
      <div className="field">
        <label htmlFor={id}>{t('answer.what_is_said')}</label>
        <textarea
          id={id}
          ref={field}
          dir="auto"
          rows={6}
          disabled={given.unintelligible}
          value={given.text}
          {...(way.maximum === null ? {} : { maxLength: way.maximum })}
          onChange={({ target }) => onAnswer(target.value ? { text: target.value, unintelligible: false } : undefined)}
        />
      </div>
      <button type="button" className="answer" aria-pressed={given.unintelligible} aria-keyshortcuts="u" onClick={mark}>
        <kbd>U</kbd>
        <span>{t('answer.unintelligible')}</span>
      </button>
      <p className="fine">{t('work.ctrl_enter_goes_on')}</p>
    </>
  )
}

/** What the task's frame last said of its player. */
function usePlayer(): { isPlaying: boolean; speed: number } {
  const [state, setState] = useState({ isPlaying: false, speed: 1 })
  useEffect(() => {
    const hear = ({ data }: MessageEvent) => {
      const said = (data as { from?: string; player?: { paused: boolean; speed: number } }) ?? {}
      if (said.from === 'task-frame' && said.player)
        setState({ isPlaying: !said.player.paused, speed: Number(said.player.speed) })
    }
    addEventListener('message', hear)
    return () => removeEventListener('message', hear)
  }, [])
  return state
}
