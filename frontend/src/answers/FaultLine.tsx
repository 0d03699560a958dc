// What an answer still lacks, in the reader's words.
import { useTexts } from '../texts'
import type { Fault } from './fault'

/** Its place is kept, so that a fault that comes or goes moves no button. */
export function FaultLine({ fault }: { fault: Fault | null }) {
  const { t, number } = useTexts()
  const text = fault && t(`fault.${fault.code}`, { count: fault.bound, bound: number(fault.bound) })
  return (
    <p className="fine fault" role="status">
      {fault?.field && (
        <>
          <bdi>{fault.field}</bdi>:{' '}
        </>
      )}
      {text}
    </p>
  )
}
