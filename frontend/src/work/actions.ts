// Claiming and handing in: signatures only, no gas. The gateway's messages are checked before they are signed.
import { api, data, Problem, type Schemas } from '../api/client'
import { once, type Wallet } from '../chain/calls'
import { checkAnswers, checkDigest } from '../chain/checks'

const WAIT_SECONDS = 20

type View = Schemas['AssignmentView']

/** Takes up to `count` tasks and claims them; the assignment once its claim is on chain. */
export async function claim(wallet: Wallet, worker: string, batchId: string, count: number): Promise<View> {
  const wanted = { body: { batch_id: batchId, count, own_gas: false }, headers: once() }
  const offer = await wallet.patient(() => data(api.POST('/v1/work/assignments', wanted)))
  const expected = { batchId, worker, count: offer.tasks.length, tasksDigest: offer.tasks_digest }
  const signature = await wallet.sign(offer.typed_data, 'Claim', expected)
  const path = { assignment_id: offer.assignment_id }
  const signed = { params: { path }, body: { signature }, headers: once() }
  await wallet.patient(() => data(api.POST('/v1/work/assignments/{assignment_id}/claim', signed)))
  return until(wallet, offer.assignment_id, ['claimed'])
}

/** Hands in the answers; done once they are on chain. */
export async function submit(
  wallet: Wallet,
  worker: string,
  found: View,
  answers: { task: string; answer: unknown }[],
): Promise<void> {
  const path = { assignment_id: found.assignment_id }
  const body = { answers: answers as Schemas['AnswersIn']['answers'] }
  const draft = await wallet.patient(() =>
    data(api.POST('/v1/work/assignments/{assignment_id}/answers', { params: { path }, body })),
  )
  checkDigest(draft.answers, draft.work_digest)
  checkAnswers(draft.answers, worker, found.batch_id, answers)
  const expected = { batchId: found.batch_id, worker, count: answers.length, workDigest: draft.work_digest }
  const signature = await wallet.sign(draft.typed_data, 'Submit', expected)
  const signed = { params: { path }, body: { work_digest: draft.work_digest, signature }, headers: once() }
  await wallet.patient(() => data(api.POST('/v1/work/assignments/{assignment_id}/submission', signed)))
  await until(wallet, found.assignment_id, ['submitted'])
}

/** Gives tasks back that will not be done. */
export async function giveBack(wallet: Wallet, worker: string, found: View): Promise<string | null> {
  const path = { assignment_id: found.assignment_id }
  const draft = await wallet.patient(() =>
    data(api.POST('/v1/work/assignments/{assignment_id}/return/draft', { params: { path } })),
  )
  const expected = { batchId: found.batch_id, worker, count: found.task_ids.length }
  const signature = await wallet.sign(draft.typed_data, 'ReturnClaim', expected)
  const body = { sequence: draft.sequence, deadline: draft.deadline, signature }
  const signed = { params: { path }, body, headers: once() }
  const taken = await wallet.patient(() => data(api.POST('/v1/work/assignments/{assignment_id}/return', signed)))
  return wallet.follow(taken.intent_id)
}

async function until(wallet: Wallet, assignmentId: string, wanted: View['status'][]): Promise<View> {
  for (;;) {
    const params = { path: { assignment_id: assignmentId }, query: { wait: WAIT_SECONDS } }
    const found = await wallet.patient(() => data(api.GET('/v1/work/assignments/{assignment_id}', { params })))
    if (wanted.includes(found.status)) return found
    if (found.status !== 'queued' && found.status !== 'submission_queued')
      throw new Problem(409, found.reason ?? found.status, found.reason ?? found.status)
  }
}
