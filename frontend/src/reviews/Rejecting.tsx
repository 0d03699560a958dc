// A rejection needs a reason that its worker can read and contest.
import { useEffect, useId, useRef, useState } from 'react'
import { useTexts } from '../texts'

const REASONS = ['instructions', 'wrong', 'empty', 'known', 'copied'] as const

export function Rejecting({ onDone, onCancel }: { onDone: (reason: string) => void; onCancel: () => void }) {
  const { t } = useTexts()
  const [reason, setReason] = useState('')
  const field = useRef<HTMLTextAreaElement>(null)
  const id = useId()
  useEffect(() => field.current?.focus(), [])
  const done = () => {
    if (reason.trim()) onDone(reason.trim())
  }
  const press = (event: React.KeyboardEvent) => {
    if (event.key === 'Escape') onCancel()
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) done()
    const template = event.altKey ? REASONS[Number(event.key) - 1] : undefined
    if (!template) return
    event.preventDefault()
    setReason(`${t(`reject.${template}`)} `)
  }
  return (
    <fieldset className="policies" onKeyDown={press}>
      <legend>{t('reject.title')}</legend>
      {REASONS.map((name, at) => (
        <button
          key={name}
          type="button"
          className="plain"
          aria-keyshortcuts={`Alt+${at + 1}`}
          onClick={() => {
            setReason(`${t(`reject.${name}`)} `)
            field.current?.focus()
          }}
        >
          <kbd>Alt {at + 1}</kbd> {t(`reject.${name}`)}
        </button>
      ))}
      <label htmlFor={id}>{t('reject.reason')}</label>
      <textarea
        id={id}
        ref={field}
        dir="auto"
        rows={3}
        maxLength={2_000}
        value={reason}
        onChange={(event) => setReason(event.target.value)}
      />
      <p className="fine">{t('reject.hint')}</p>
      <div className="choices">
        <button type="button" className="primary" disabled={!reason.trim()} onClick={done}>
          {t('reject.done')}
        </button>
        <button type="button" onClick={onCancel}>
          {t('reject.cancel')}
        </button>
      </div>
    </fieldset>
  )
}
