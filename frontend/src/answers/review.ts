// A review by who was drawn for it: what its task shows, and the answer that it is about.
import type { Json } from './schema'

/** What a claimed task of a review batch shows. `of` names the answer, and goes into the review. */
export type Judged = {
  title: string
  instructions: string
  type: string | null
  schema: Json
  content: Json
  answer: unknown
  of: string
}

/** Whether answers of this schema are reviews. */
export function isReview(schema: Json): boolean {
  const names = Object.keys((schema['properties'] ?? {}) as Json)
  return names.length === 3 && ['verdict', 'reason', 'of'].every((name) => names.includes(name))
}

export function judgedOf(content: Json): Judged {
  return {
    title: String(content['title'] ?? ''),
    instructions: String(content['instructions'] ?? ''),
    type: typeof content['task_type'] === 'string' ? content['task_type'] : null,
    schema: (content['answer_schema'] ?? {}) as Json,
    content: (content['content'] ?? {}) as Json,
    answer: content['answer'],
    of: String(content['of'] ?? ''),
  }
}
