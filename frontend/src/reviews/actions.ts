// Proposing and signing a settlement; what is signed is compared with what was decided here first.
import { sha256 } from 'viem'
import { api, data, payload, type Schemas } from '../api/client'
import type { Wallet } from '../chain/calls'
import { NotWhatWasAsked } from '../chain/checks'
import type { Answer, Verdicts } from './verdicts'

export type Proposal = Schemas['ProposalView']
type Decided = { task: string; worker: string; decision: string; reason: string }

/** Proposes the reviewer's own decisions, or with null what the batch's policy says. */
export async function propose(
  { patient }: Wallet,
  batchId: string,
  answers: Answer[] | null,
  verdicts: Verdicts,
): Promise<Proposal> {
  const own = answers?.flatMap(({ key, task, worker }) => {
    const found = verdicts[key]
    return found ? [{ task, worker, ...found }] : []
  })
  const params = { path: { batch_id: batchId } }
  const body = (own ? { verdicts: own } : {}) as Schemas['ProposalIn']
  const found = await patient(() => data(api.POST('/v1/reviews/batches/{batch_id}/proposals', { params, body })))
  if (own) checkDecisions(found, own, await patient(() => payload(found.results_cid)))
  return found
}

/** Signs; with the last signature needed, until the settlement is on chain. */
export async function sign(wallet: Wallet, found: Proposal): Promise<string | null> {
  checkCounts(found)
  const { batch_id, nonce, results_digest } = found
  const expected = { batchId: batch_id, nonce, resultsDigest: results_digest }
  const signature = await wallet.sign(found.typed_data, 'Settlement', expected)
  const params = { path: { proposal_id: found.proposal_id } }
  const after = await wallet.patient(() =>
    data(api.POST('/v1/reviews/proposals/{proposal_id}/signatures', { params, body: { signature } })),
  )
  return after.intent_id ? wallet.follow(after.intent_id) : null
}

/** Raises unless the message pays and rejects as many of each worker as the proposal shows, and pays nobody directly. */
function checkCounts(found: Proposal): void {
  const message = found.typed_data['message'] as { verdicts: Record<string, unknown>[]; direct: unknown[] }
  const told = (verdict: Record<string, unknown>) =>
    `${String(verdict['worker']).toLowerCase()} ${verdict['decidedBefore']} ${verdict['accepted']} ${verdict['rejected']}`
  const shown = found.verdicts.map((verdict) => told(verdict as Record<string, unknown>)).join()
  if (message.verdicts.map(told).join() !== shown || message.direct.length > 0) throw new NotWhatWasAsked('verdicts')
}

/** A settlement of the gateway takes so many workers; those who are left come with the next one. */
const MOST_WORKERS = 150

/**
 * Raises unless the pinned results say what was decided here: nothing else, and nothing less of any worker whom the
 * proposal names. A results file over one block is compared by its counts.
 */
function checkDecisions(found: Proposal, own: Decided[], results: Uint8Array): void {
  const verdicts = found.verdicts as unknown as { worker: string; accepted: number; rejected: number }[]
  const named = new Set(verdicts.map(({ worker }) => worker))
  const left = own.filter(({ worker }) => !named.has(worker))
  if (left.length > 0 && named.size < MOST_WORKERS) throw new NotWhatWasAsked('workers')
  const due = own.filter(({ worker }) => named.has(worker))
  for (const verdict of verdicts)
    for (const decision of ['accepted', 'rejected'] as const) {
      const decided = due.filter((item) => item.worker === verdict.worker && item.decision === decision)
      if (Number(verdict[decision]) !== decided.length) throw new NotWhatWasAsked(decision)
    }
  if (sha256(results) !== found.results_digest) throw new NotWhatWasAsked('results')
  const document = JSON.parse(new TextDecoder().decode(results)) as { decisions?: Decided[] }
  if (!document.decisions) return
  const told = (item: Decided) => `${item.task} ${item.worker} ${item.decision}`
  const asked = new Map(due.map((item) => [told(item), item.reason.trim()]))
  for (const item of document.decisions) {
    const reason = asked.get(told(item))
    if (reason === undefined || (item.decision === 'rejected' && item.reason !== reason))
      throw new NotWhatWasAsked('decision')
    asked.delete(told(item))
  }
  if (asked.size > 0) throw new NotWhatWasAsked('omitted')
}
