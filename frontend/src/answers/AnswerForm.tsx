// One answer. What most tasks need stands here; the other controls are loaded when a batch asks for them.

import { type ReactNode, Suspense, useId, useRef } from 'react'
import { later } from '../app/patiently'
import { Loading } from '../parts/states'
import { useTexts } from '../texts'
import { Choices } from './Choices'
import { type AnswerProps, type Hear, type Remote, useFocus } from './control'
import { FaultLine } from './FaultLine'
import { faultOf } from './fault'
import type { Json } from './schema'
import { wayOf } from './way'

const BoxEditor = later(() => import('./boxes/BoxEditor'))
const Fields = later(() => import('./Fields'))
const Transcript = later(() => import('./Transcript'))
const Moderation = later(() => import('./Moderation'))
const Research = later(() => import('./Research'))
const FileAnswer = later(() => import('./FileAnswer'))
const Verdict = later(() => import('./Verdict'))
const External = later(() => import('./External'))

export type Asked = { type: string | null; schema: Json }
type Props = Omit<AnswerProps, 'way'> & { asked: Asked }

export function AnswerForm({ asked, ...props }: Props) {
  const way = wayOf(asked.type, asked.schema)
  const fault = props.answer === undefined ? null : faultOf(asked.type, asked.schema, props.content, props.answer)
  return (
    <>
      <Suspense fallback={<Loading />}>
        <ControlOf {...props} way={way} />
      </Suspense>
      <FaultLine fault={fault} />
    </>
  )
}

function ControlOf(props: AnswerProps): ReactNode {
  const { t } = useTexts()
  const { way } = props
  switch (way.kind) {
    case 'choice':
    case 'several':
      return <Choices {...props} way={way} />
    case 'text':
      return <Text {...props} way={way} />
    case 'number':
      return <Numeric {...props} way={way} />
    case 'boxes':
      return <BoxEditor {...props} way={way} />
    case 'fields':
      return <Fields {...props} way={way} />
    case 'transcript':
      return <Transcript {...props} way={way} />
    case 'moderation':
      return <Moderation {...props} way={way} />
    case 'research':
      return <Research {...props} way={way} />
    case 'file':
      return <FileAnswer {...props} way={way} />
    case 'verdict':
      return <Verdict {...props} way={way} />
    case 'external':
      return <External {...props} way={way} />
    case 'unknown':
      return <p className="notice warn">{t('work.unknown_kind')}</p>
  }
}

function Text({ way, answer, onAnswer, isPreview }: AnswerProps<'text'>) {
  const { t, nameOfLanguage } = useTexts()
  const field = useFocus<HTMLTextAreaElement>(isPreview)
  const id = useId()
  return (
    <div className="field">
      <label htmlFor={id}>
        {way.language ? t('answer.in_language', { language: nameOfLanguage(way.language) }) : t('work.answer')}
      </label>
      <textarea
        id={id}
        ref={field}
        dir="auto"
        rows={5}
        value={typeof answer === 'string' ? answer : ''}
        {...(way.language ? { lang: way.language } : {})}
        {...(way.maximum === null ? {} : { maxLength: way.maximum })}
        onChange={(event) => onAnswer(event.target.value === '' ? undefined : event.target.value)}
      />
      <p className="fine">{t('work.ctrl_enter_goes_on')}</p>
    </div>
  )
}

function Numeric({ way, answer, onAnswer, onNext, isPreview }: AnswerProps<'number'>) {
  const { t } = useTexts()
  const field = useFocus<HTMLInputElement>(isPreview)
  const id = useId()
  return (
    <div className="field">
      <label htmlFor={id}>{t('work.answer')}</label>
      <input
        id={id}
        ref={field}
        type="number"
        step={way.whole ? 1 : 'any'}
        value={answer === undefined ? '' : String(answer)}
        onChange={(event) => onAnswer(event.target.value === '' ? undefined : event.target.valueAsNumber)}
        onKeyDown={(event) => event.key === 'Enter' && !event.ctrlKey && !event.metaKey && onNext()}
      />
      <p className="fine">{t('work.enter_goes_on')}</p>
    </div>
  )
}

/** For forms that only show how an answer would be given. */
export function useNoKeys(): { keys: { current: Hear | null }; frame: Remote } {
  return { keys: useRef<Hear | null>(null), frame: useRef(null) }
}
