// A reviewer asks the worker for a better answer, with a reason; nothing stops meanwhile.
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { api, data } from '../api/client'
import { Refused } from '../parts/states'
import { Field } from '../requests/Field'
import { useTexts } from '../texts'
import { submissionsQuery } from './queries'
import type { Answer } from './verdicts'

const MOST_CHARACTERS = 2_000

export function Asking({ batchId, about, onDone }: { batchId: string; about: Answer; onDone: () => void }) {
  const { t } = useTexts()
  const client = useQueryClient()
  const [reason, setReason] = useState('')
  const form = useRef<HTMLFormElement>(null)
  useEffect(() => form.current?.querySelector('textarea')?.focus(), [])
  const asking = useMutation({
    mutationFn: () => {
      const params = { path: { batch_id: batchId } }
      const body = { task: about.task, worker: about.worker, reason: reason.trim() }
      return data(api.POST('/v1/reviews/batches/{batch_id}/revisions', { params, body }))
    },
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: submissionsQuery(batchId).queryKey })
      onDone()
    },
  })
  const send = () => {
    if (reason.trim() && !asking.isPending) asking.mutate()
  }
  return (
    <form
      ref={form}
      onSubmit={(event) => {
        event.preventDefault()
        send()
      }}
      onKeyDown={(event) => {
        if (event.key === 'Escape') onDone()
        if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) send()
      }}
    >
      <h3>{t('revise.title')}</h3>
      <Field
        label={t('revise.reason')}
        hint={t('revise.hint')}
        rows={3}
        most={MOST_CHARACTERS}
        value={reason}
        onChange={setReason}
      />
      <div className="choices">
        <button type="submit" className="primary" disabled={!reason.trim() || asking.isPending}>
          {t('revise.send')}
        </button>
        <button type="button" onClick={onDone}>
          {t('reject.cancel')}
        </button>
      </div>
      <Refused error={asking.error} />
    </form>
  )
}
