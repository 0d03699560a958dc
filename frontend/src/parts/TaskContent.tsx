// What a task shows, fetched and in its frame. The frame stays when the next task comes, so nothing flashes or jumps.
import { useQuery } from '@tanstack/react-query'
import { useEffect, useRef } from 'react'
import type { Hear, Remote } from '../answers/control'
import { useTexts } from '../texts'
import { hostsOf } from '../work/content'
import { partsQuery, showsQuery } from '../work/queries'
import { Failed } from './states'
import { TaskFrame } from './TaskFrame'

type Props = {
  content: Record<string, unknown>
  type: string | null
  onKey?: Hear
  remote?: Remote
  /** Said instead of the reason where a file is missing, as before a batch is funded. */
  missing?: string
  onSettled?: () => void
  /** The picture is shown elsewhere, with its boxes. */
  withoutPicture?: boolean
}

export function TaskContent({ content, type, missing, withoutPicture = false, onSettled, ...frame }: Props) {
  const { t } = useTexts()
  const shows = useQuery(showsQuery(type))
  const wanted = shows.data
  const { image: _, sha256: __, ...others } = content
  const parts = useQuery({
    ...partsQuery(withoutPicture ? others : content, type, wanted ?? []),
    enabled: wanted !== undefined,
  })
  const failed = parts.error ?? shows.error
  const found = wanted === undefined ? null : (parts.data ?? null)
  const isBare = failed !== null || found?.length === 0
  const told = useRef(onSettled)
  told.current = onSettled
  useEffect(() => {
    if (isBare) told.current?.()
  }, [isBare])
  if (failed && missing) return <p className="notice warn">{missing}</p>
  if (failed) return <Failed error={failed} again={() => void parts.refetch()} />
  if (found?.length === 0) return null
  return (
    <>
      <TaskFrame parts={found} {...frame} {...(onSettled ? { onSettled } : {})} />
      {hostsOf(found ?? []).length === 0 && <p className="fine">{t('work.frame_note')}</p>}
    </>
  )
}
