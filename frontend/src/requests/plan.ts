// A batch before it is drafted: what its requester typed, kept in this browser at every change.
import { useCallback, useState } from 'react'
import type { Schemas } from '../api/client'
import { parseMoney } from '../texts/amounts'
import type { Json, Mapping, Rules } from './table/tasks'

export type Policy = 'requester' | 'agreement' | 'inference' | 'reviewers' | 'drawn'
export type FieldRow = { title: string; kind: string; choices: string[]; optional: boolean }
export type Options = Record<string, unknown>
export type Plan = {
  type: string | null
  /** `text` stands in the plan itself, a file in the browser's database. */
  source: { kind: 'text'; text: string } | { kind: 'file'; name: string } | null
  mapping: Mapping | null
  title: string
  instructions: string
  options: Options
  reward: string
  answersPerTask: string
  seconds: string
  policy: Policy
  signer: 'me' | 'panel'
  rejectBelow: string
  drawReviewers: string
  drawQuorum: string
  drawMost: string
  claimDays: string
  leaseMinutes: string
  reviewHours: string
  maxClaim: string
  backedWorkers: string
  pools: string[]
}

export const EMPTY: Plan = {
  type: null,
  source: null,
  mapping: null,
  title: '',
  instructions: '',
  options: {},
  reward: '',
  answersPerTask: '3',
  seconds: '30',
  policy: 'requester',
  signer: 'me',
  rejectBelow: '',
  drawReviewers: '3',
  drawQuorum: '2',
  drawMost: '5',
  claimDays: '7',
  leaseMinutes: '60',
  reviewHours: '24',
  maxClaim: '10',
  backedWorkers: '0',
  pools: [],
}

const STORED = 'piecework.new-batch'

export function usePlan() {
  const [plan, setPlan] = useState<Plan>(load)
  const change = useCallback(
    (part: Partial<Plan>) =>
      setPlan((before) => {
        const next = { ...before, ...part }
        localStorage.setItem(STORED, JSON.stringify(next))
        return next
      }),
    [],
  )
  const forget = useCallback(() => {
    localStorage.removeItem(STORED)
    setPlan(EMPTY)
  }, [])
  return { plan, change, forget }
}

/** Whether a batch was begun and not funded. */
export function hasDraft(): boolean {
  return localStorage.getItem(STORED) !== null
}

/** Begins a batch for a pool alone, or goes on with the draft that is there; the page of the new batch reads it. */
export function beginFor(pool: string): void {
  localStorage.setItem(STORED, JSON.stringify({ ...load(), pools: [pool] }))
}

/** A draft that is kept here must not name a pool that is gone. */
export function forgetPool(pool: string): void {
  if (!hasDraft()) return
  const plan = load()
  localStorage.setItem(STORED, JSON.stringify({ ...plan, pools: plan.pools.filter((each) => each !== pool) }))
}

function load(): Plan {
  try {
    return { ...EMPTY, ...(JSON.parse(localStorage.getItem(STORED) ?? '{}') as Partial<Plan>) }
  } catch {
    return EMPTY
  }
}

/** Options as the gateway takes them: no blank lines, no blank fields. */
export function cleanOptions(options: Options): Options {
  const cleaned = Object.entries(options).map(([name, value]): [string, unknown] => {
    if (!Array.isArray(value)) return [name, typeof value === 'string' ? value.trim() : value]
    if (name === 'fields') return [name, (value as FieldRow[]).map(fieldOf)]
    return [name, (value as string[]).map((line) => line.trim()).filter(Boolean)]
  })
  return Object.fromEntries(
    cleaned.filter(([, value]) => value !== '' && value !== undefined && (!Array.isArray(value) || value.length > 0)),
  )
}

/** Whether options have what their schema asks for at least, so that it is worth asking the gateway about them. */
export function isWhole(schema: Json, options: Options): boolean {
  const properties = (schema['properties'] ?? {}) as Record<string, Json>
  return ((schema['required'] ?? []) as string[]).every((name) => {
    const value = options[name]
    return Array.isArray(value) ? value.length >= Number(properties[name]?.['minItems'] ?? 0) : value !== undefined
  })
}

function fieldOf(row: FieldRow, place: number): Json {
  const choices = row.kind === 'one_of' || row.kind === 'any_of' ? { choices: lines(row.choices) } : {}
  const name = row.title
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^[^a-z]+|_+$/g, '')
  return {
    name: `${name.slice(0, 50) || 'field'}_${place + 1}`,
    title: row.title.trim(),
    kind: row.kind,
    ...choices,
    ...(row.optional ? { optional: true } : {}),
  }
}

function lines(values: string[]): string[] {
  return values.map((value) => value.trim()).filter(Boolean)
}

/** How the table's rows are read for this plan; null until columns were chosen. */
export function rulesOf(plan: Plan, kind: Schemas['TaskTypeView'], schema: Json | undefined): Rules | null {
  if (!plan.mapping) return null
  const choices = schema?.['enum']
  const answers: Rules['answers'] = Array.isArray(choices)
    ? { kind: 'choices', choices: choices.map(String) }
    : { kind: schema?.['type'] === 'string' ? 'text' : 'json' }
  return { mapping: plan.mapping, content: kind.content, answers }
}

/** A whole number that was typed, or null. */
export function whole(text: string, least: number, most: number): number | null {
  const value = /^\d{1,9}$/.test(text.trim()) ? Number(text) : null
  return value !== null && value >= least && value <= most ? value : null
}

export type Numbers = {
  reward: bigint
  answersPerTask: number
  seconds: number
  claimSeconds: number
  leaseSeconds: number
  reviewSeconds: number
  maxClaim: number
  backedWorkers: number
  rejectBelow: number | null
  draw: { reviewers: number; quorum: number; most: number } | null
}
export type Wrong =
  | 'reward'
  | 'answersPerTask'
  | 'seconds'
  | 'claimDays'
  | 'leaseMinutes'
  | 'reviewHours'
  | 'maxClaim'
  | 'draw'

/** The plan's numbers, or the first field that holds none; bounds are the contract's. */
export function numbersOf(plan: Plan, decimals: number): Numbers | Wrong {
  const reward = parseMoney(plan.reward, decimals)
  const answersPerTask = whole(plan.answersPerTask, 1, 100)
  const seconds = whole(plan.seconds, 1, 86_400)
  const days = whole(plan.claimDays, 1, 365)
  const minutes = whole(plan.leaseMinutes, 1, 43_200)
  const hours = whole(plan.reviewHours, 1, 720)
  const maxClaim = whole(plan.maxClaim, 1, 65_535)
  if (reward === null || reward === 0n) return 'reward'
  if (answersPerTask === null) return 'answersPerTask'
  if (seconds === null) return 'seconds'
  if (days === null) return 'claimDays'
  if (minutes === null) return 'leaseMinutes'
  if (hours === null) return 'reviewHours'
  if (maxClaim === null) return 'maxClaim'
  const draw = plan.policy === 'drawn' ? drawOf(plan) : null
  if (draw === undefined) return 'draw'
  return {
    reward,
    answersPerTask,
    seconds,
    claimSeconds: days * 86_400,
    leaseSeconds: minutes * 60,
    reviewSeconds: hours * 3_600,
    maxClaim,
    backedWorkers: whole(plan.backedWorkers, 0, 100_000) ?? 0,
    rejectBelow: whole(plan.rejectBelow, 0, 100),
    draw,
  }
}

/** How reviewers are drawn; undefined if that could decide nothing, or against itself. */
function drawOf(plan: Plan): NonNullable<Numbers['draw']> | undefined {
  const reviewers = whole(plan.drawReviewers, 1, 20)
  const quorum = whole(plan.drawQuorum, 1, 20)
  const most = whole(plan.drawMost, 1, 50)
  if (reviewers === null || quorum === null || most === null) return undefined
  const canDecide = quorum <= reviewers && reviewers <= most && 2 * quorum > reviewers
  return canDecide ? { reviewers, quorum, most } : undefined
}

/** The draft without its tasks. */
export function headOf(plan: Plan, numbers: Numbers, me: string, disputeFee: bigint): Json {
  const panel = plan.policy === 'reviewers' || (plan.policy !== 'requester' && plan.signer === 'panel')
  const isAutomatic = plan.policy === 'agreement' || plan.policy === 'inference'
  const below = isAutomatic && numbers.rejectBelow !== null ? { reject_gold_below: numbers.rejectBelow / 100 } : {}
  return {
    title: plan.title.trim(),
    instructions: plan.instructions.trim(),
    task_type: plan.type,
    options: cleanOptions(plan.options),
    answers_per_task: numbers.answersPerTask,
    reward_units: numbers.reward.toString(),
    estimated_seconds_per_task: numbers.seconds,
    claim_period_seconds: numbers.claimSeconds,
    lease_seconds: numbers.leaseSeconds,
    review_window_seconds: numbers.reviewSeconds,
    max_claim: numbers.maxClaim,
    review: { policy: plan.policy, ...below, ...(numbers.draw ? { draw: numbers.draw } : {}) },
    reserve_units: (disputeFee * BigInt(numbers.backedWorkers)).toString(),
    ...(panel ? {} : { reviewer: me }),
    ...(plan.pools.length ? { needs: { pools: plan.pools } } : {}),
  }
}
