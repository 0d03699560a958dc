// Boxes as somebody drew them, on their picture and as words.
import type { Json } from '../schema'
import { BoxList } from './BoxList'
import type { Box } from './geometry'
import { Picture } from './Picture'

export default function BoxView({ content, boxes, labels }: { content: Json; boxes: Box[]; labels: string[] }) {
  return (
    <>
      <Picture content={content} boxes={boxes} labels={labels} />
      <BoxList boxes={boxes} />
    </>
  )
}
