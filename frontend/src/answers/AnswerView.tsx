// An answer as somebody gave it, readable: boxes on their picture, forms as lists, files to save. All of it is text to
// this page, whatever a worker wrote.

import { Fragment, type ReactNode, Suspense } from 'react'
import { later } from '../app/patiently'
import { Loading } from '../parts/states'
import { useTexts } from '../texts'
import type { Asked } from './AnswerForm'
import type { Box } from './boxes/geometry'
import { type FileGiven, FileLine } from './FileLine'
import { isPage } from './fault'
import { answerText, fieldText } from './says'
import { type Json, misfit } from './schema'
import { type Way, wayOf } from './way'

const BoxView = later(() => import('./boxes/BoxView'))

export function AnswerView({ asked, content, answer }: { asked: Asked; content: Json; answer: unknown }) {
  const way = wayOf(asked.type, asked.schema)
  const texts = useTexts()
  const plain = (
    <p className="answered" dir="auto">
      {answerText(texts, way, answer)}
    </p>
  )
  if (misfit(asked.schema, answer) !== null) return plain
  if (way.kind === 'boxes')
    return (
      <Suspense fallback={<Loading />}>
        <BoxView content={content} boxes={answer as Box[]} labels={way.labels} />
      </Suspense>
    )
  return <Rows way={way} answer={answer as Json} plain={plain} />
}

function Rows({ way, answer, plain }: { way: Way; answer: Json; plain: ReactNode }) {
  const texts = useTexts()
  const { t } = texts
  if (way.kind === 'fields')
    return (
      <dl className="named answered-rows">
        {way.fields
          .filter(({ name }) => name in answer)
          .map((field) => (
            <Fragment key={field.name}>
              <dt dir="auto">{field.title}</dt>
              <dd dir="auto">{fieldText(texts, field, answer[field.name])}</dd>
            </Fragment>
          ))}
      </dl>
    )
  if (way.kind === 'external')
    return (
      <dl className="named answered-rows">
        {Object.entries(answer).map(([name, text]) => (
          <Fragment key={name}>
            <dt dir="auto">{name}</dt>
            <dd dir="auto">{String(text)}</dd>
          </Fragment>
        ))}
      </dl>
    )
  if (way.kind === 'file') return <FileLine file={answer as FileGiven} />
  if (way.kind === 'research' && answer['found'] === true) {
    const source = String(answer['source'])
    return (
      <>
        <p className="answered" dir="auto">
          {String(answer['answer'])}
        </p>
        <p className="whole">
          {t('answer.source')}:{' '}
          {isPage(source) ? (
            <a href={source} target="_blank" rel="noopener noreferrer" dir="ltr">
              {source}
            </a>
          ) : (
            <bdi>{source}</bdi>
          )}
        </p>
      </>
    )
  }
  return plain
}
