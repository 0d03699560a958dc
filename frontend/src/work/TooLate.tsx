// Tasks whose time ran out before their answers were handed in: what that means, and what can still be done.
import { useState } from 'react'
import { useTexts } from '../texts'
import { forgetLate, lateAnswers } from './draft'

export function TooLate({ batchId }: { batchId: string }) {
  const { t } = useTexts()
  const [count, setCount] = useState(() => Object.keys(lateAnswers(batchId)).length)
  if (count === 0) return null
  return (
    <div className="notice warn" role="status">
      <h2>{t('late.title')}</h2>
      <p>{t('late.kept', { count })}</p>
      <button
        type="button"
        onClick={() => {
          forgetLate(batchId)
          setCount(0)
        }}
      >
        {t('late.forget')}
      </button>
    </div>
  )
}
