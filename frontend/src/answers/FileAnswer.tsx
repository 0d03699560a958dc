// A file that is handed in: pinned first, then named in the answer by its CID.
import { useId, useState } from 'react'
import { Problem, pin } from '../api/client'
import { NotWhatWasAsked } from '../chain/checks'
import { Failed } from '../parts/states'
import { useTexts } from '../texts'
import { isGenuine } from '../work/content'
import { type AnswerProps, useHearing } from './control'
import { type FileGiven, FileLine } from './FileLine'

const UNKNOWN = 'application/octet-stream'

export default function FileAnswer({ way, answer, onAnswer, keys, onNext, isPreview }: AnswerProps<'file'>) {
  const { t, size } = useTexts()
  const id = useId()
  const [isSending, setSending] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const given = answer as FileGiven | undefined
  useHearing(keys, ({ key, typing, onControl, ctrl }) => {
    if (key !== 'Enter' || typing || onControl || ctrl || !given) return false
    onNext()
    return true
  })
  const take = async (file: File) => {
    setError(null)
    if (file.size === 0) return setError(new Problem(0, 'file_empty', file.name))
    if (way.most !== null && file.size > way.most) return setError(new Problem(0, 'file_too_large', size(way.most)))
    const kind = file.type || UNKNOWN
    if (way.mediaTypes && !way.mediaTypes.includes(kind)) return setError(new Problem(0, 'file_kind', kind))
    setSending(true)
    try {
      const cid = await pin(file)
      if (!isGenuine(new Uint8Array(await file.arrayBuffer()), cid, null)) throw new NotWhatWasAsked(cid)
      onAnswer({ cid, name: file.name, media_type: kind, bytes: file.size })
    } catch (problem) {
      setError(problem)
    } finally {
      setSending(false)
    }
  }
  return (
    <div className="field">
      {given && <FileLine file={given} />}
      <label htmlFor={id} className="button">
        {t(isSending ? 'answer.sending' : given ? 'answer.other_file' : 'answer.choose_file')}
      </label>
      <input
        id={id}
        className="visually-hidden"
        type="file"
        disabled={isSending || isPreview}
        {...(way.mediaTypes ? { accept: way.mediaTypes.join(',') } : {})}
        onChange={({ target }) => {
          const file = target.files?.[0]
          target.value = ''
          if (file) void take(file)
        }}
      />
      <p className="fine">
        {way.most !== null && t('answer.file_most', { size: size(way.most) })}{' '}
        {way.mediaTypes && t('answer.file_kinds', { kinds: way.mediaTypes.join(', ') })} {t('answer.file_public')}
      </p>
      {error != null && <Failed error={error} />}
    </div>
  )
}
