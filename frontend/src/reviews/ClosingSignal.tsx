// A reviewer looked at a signal and found nothing wrong: the reason is for the worker, whose limits lift.
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, data, type Schemas } from '../api/client'
import { Refused } from '../parts/states'
import { Field } from '../requests/Field'
import { useTexts } from '../texts'
import { signalsQuery } from './queries'

type Signal = Schemas['FoundSignal']

export function ClosingSignal({ batchId, found }: { batchId: string; found: Signal }) {
  const { t } = useTexts()
  const client = useQueryClient()
  const [reason, setReason] = useState('')
  const closing = useMutation({
    mutationFn: () => {
      const params = { path: { batch_id: batchId } }
      const body = { worker: found.worker, signal: found.signal, reason: reason.trim() }
      return data(api.POST('/v1/signals/batches/{batch_id}/closed', { params, body }))
    },
    onSuccess: () => client.invalidateQueries({ queryKey: signalsQuery(batchId).queryKey }),
  })
  return (
    <>
      <Field label={t('signals.reason')} rows={2} value={reason} onChange={setReason} />
      <button type="button" disabled={!reason.trim() || closing.isPending} onClick={() => closing.mutate()}>
        {t('signals.close')}
      </button>
      <Refused error={closing.error} />
    </>
  )
}
