// From nothing to a funded batch in five steps; what was typed stays in this browser until the batch is funded.
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { useEffect, useRef, useState } from 'react'
import { useSession } from '../chain/session'
import { Gate } from '../parts/SignIn'
import { Loading } from '../parts/states'
import { cleanOptions, isWhole, numbersOf, type Plan, rulesOf, usePlan } from '../requests/plan'
import { answerSchemaQuery, taskTypesQuery } from '../requests/queries'
import { STEPS, type Step } from '../requests/step'
import { Columns } from '../requests/steps/Columns'
import { Fund } from '../requests/steps/Fund'
import { Pay } from '../requests/steps/Pay'
import { guessFor, Source } from '../requests/steps/Source'
import { Wording } from '../requests/steps/Wording'
import { useChecked, useTable } from '../requests/useTable'
import { useTexts } from '../texts'
import type { Key } from '../texts/plural'

const TYPING_MILLISECONDS = 300

export default function NewBatch() {
  const { t, number } = useTexts()
  const { chain, address } = useSession()
  const navigate = useNavigate()
  const { step } = useSearch({ from: '/requests/new' })
  const { plan, change, forget } = usePlan()
  const table = useTable(plan, change)
  const kind = useQuery(taskTypesQuery).data?.find(({ name }) => name === plan.type)
  const options = useSettled(plan.options)
  const isComplete = kind !== undefined && isWhole(kind.options, cleanOptions(plan.options))
  const schema = useQuery({
    ...answerSchemaQuery(plan.type ?? '', cleanOptions(options)),
    enabled: isComplete && options === plan.options,
  })
  const { summary } = table
  const mapping = plan.mapping ?? (kind && summary ? guessFor(kind, summary.columns) : null)
  const rules = kind ? rulesOf({ ...plan, mapping }, kind, schema.data) : null
  const checked = useChecked(table, summary && summary.faultCount === 0 && summary.rows > 0 ? rules : null)
  const numbers = numbersOf(plan, chain.token.decimals)
  const isRead = summary !== null && summary.faultCount === 0 && summary.rows > 0
  const isMade = isRead && checked.data !== undefined && checked.data.misfitCount === 0
  const isKnown = isMade && checked.data?.strayCount === 0
  const hasWords = plan.title.trim() !== '' && plan.instructions.trim() !== ''
  const isWorded = isKnown && isComplete && hasWords && schema.isSuccess
  const through: Record<Step, boolean> = {
    1: plan.type !== null && isRead,
    2: isMade,
    3: isWorded,
    4: isWorded && typeof numbers !== 'string',
    5: false,
  }
  const furthest = STEPS.find((each) => !through[each]) ?? 5
  const shown = Math.min(step, furthest) as Step
  const isTrying = checked.isPlaceholderData
  const isWaiting = shown < step && (table.isReading || checked.isFetching || schema.isLoading || (plan.type && !kind))
  const heading = useRef<HTMLHeadingElement>(null)
  const first = useRef(true)
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new step is a new heading, which gets the focus
  useEffect(() => {
    if (!first.current) heading.current?.focus()
    first.current = false
  }, [shown])
  const go = (to: Step) => void navigate({ to: '/requests/new', search: { step: to } })
  const isPending = isTrying || (shown >= 3 && (options !== plan.options || schema.isFetching))
  const goOn = useOnceSettled(isPending, plan, () => through[shown] && go((shown + 1) as Step))
  const name = (each: Step) => t(`step.${STEP_NAMES[each]}` as Key)
  return (
    <>
      <h1>{t('draft.title')}</h1>
      <nav aria-label={t('draft.steps')} className="steps-nav">
        <ol>
          {STEPS.map((each) => (
            <li key={each}>
              {each <= furthest && each !== shown ? (
                <Link to="/requests/new" search={{ step: each }}>
                  <span aria-hidden="true">{number(each)}</span> {name(each)}
                </Link>
              ) : (
                <span aria-current={each === shown ? 'step' : undefined} className={each === shown ? 'now' : 'later'}>
                  <span aria-hidden="true">{number(each)}</span> {name(each)}
                </span>
              )}
            </li>
          ))}
        </ol>
      </nav>
      {isWaiting ? (
        <Loading />
      ) : (
        <>
          <h2 ref={heading} tabIndex={-1}>
            {t('draft.step', { place: number(shown), name: name(shown) })}
          </h2>
          {shown === 1 && <Source plan={plan} change={change} table={table} />}
          {shown === 2 && kind && mapping && summary && (
            <Columns
              kind={kind}
              plan={plan}
              mapping={mapping}
              change={change}
              summary={summary}
              checked={checked.data}
            />
          )}
          {shown === 3 && kind && (
            <Wording
              kind={kind}
              plan={plan}
              change={change}
              schema={schema.data}
              schemaError={schema.error}
              checked={checked.data}
            />
          )}
          {shown === 4 && checked.data && (
            <Pay plan={plan} change={change} numbers={numbers} tasks={checked.data.tasks} known={checked.data.known} />
          )}
          {shown === 5 && checked.data && !isTrying && rules && typeof numbers !== 'string' && (
            <Gate>
              {address && (
                <Fund
                  plan={plan}
                  numbers={numbers}
                  rules={rules}
                  tasks={checked.data.tasks}
                  table={table}
                  address={address}
                  onFunded={forget}
                />
              )}
            </Gate>
          )}
          <div className="row spread step-ends">
            <button type="button" disabled={shown === 1} onClick={() => go((shown - 1) as Step)}>
              {t('work.back')}
            </button>
            <span className="fine" role="status">
              {t(goOn.isWaiting ? 'draft.checking' : 'draft.kept')}
            </span>
            {shown < 5 && (
              <button
                type="button"
                className="primary"
                disabled={!through[shown]}
                aria-busy={goOn.isWaiting}
                onClick={goOn.wish}
              >
                {t('draft.go_on')}
              </button>
            )}
          </div>
        </>
      )}
    </>
  )
}

const STEP_NAMES = { 1: 'tasks', 2: 'columns', 3: 'wording', 4: 'pay', 5: 'fund' } as const

/**
 * A wish that is kept while something is still being looked at, and done then; another `plan` ends it. A button that is
 * disabled meanwhile would swallow a click whose press came before.
 */
function useOnceSettled(isPending: boolean, plan: Plan, act: () => void) {
  const [wished, setWished] = useState<Plan | null>(null)
  const isWaiting = wished === plan
  const latest = useRef(act)
  latest.current = act
  useEffect(() => {
    if (!isWaiting || isPending) return
    setWished(null)
    // Who is on the way to another page is not called back.
    if (location.pathname === '/requests/new') latest.current()
  }, [isWaiting, isPending])
  return { isWaiting, wish: () => setWished(plan) }
}

/** A value once it was left alone for a moment, so that typing asks the gateway once. */
function useSettled<T>(value: T): T {
  const [settled, setSettled] = useState(value)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), TYPING_MILLISECONDS)
    return () => clearTimeout(timer)
  }, [value])
  return settled
}
