// A file in an answer: name, kind, size, and the way to save it. The gateway sends it as bytes to save, never to run.
import { useTexts } from '../texts'

export type FileGiven = { cid: string; name: string; media_type: string; bytes: number }

export function FileLine({ file }: { file: FileGiven }) {
  const { size } = useTexts()
  return (
    <p>
      <a href={`/v1/payloads/${encodeURIComponent(file.cid)}`} download={file.name}>
        <bdi>{file.name}</bdi>
      </a>{' '}
      <span className="fine">
        <bdi>{file.media_type}</bdi>, {size(file.bytes)}
      </span>
    </p>
  )
}
