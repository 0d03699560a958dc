// The escrow's books, rebuilt from its logs alone. The arithmetic is the contract's; amounts are token units.
import type { Args, Log } from './logs'
import type { Report } from './report'

const REASONS = ['reviewed', 'silence', 'overturned', 'direct', 'ruled', 'ruling_overdue', 'fee_short'] as const
export const COUNTS = ['free', 'claimed', 'submitted', 'contestable', 'disputed', 'accepted', 'refunded'] as const
type Count = (typeof COUNTS)[number]
const BY_REVIEW = new Set<string>(['reviewed', 'overturned', 'direct'])

export class WorkBooks {
  claimed = 0
  submitted = 0
  decided = 0
  contestable = 0
  disputed = 0
  locked = 0n
}

export class BatchBooks {
  funded = 0
  free = 0
  claimed = 0
  submitted = 0
  contestable = 0
  disputed = 0
  accepted = 0
  refunded = 0
  settlements = 0
  manifests = 1
  closedAt = 0
  results = ''
  fundedUnits = 0n
  feeUnits = 0n
  returnedUnits = 0n
  refundedUnits = 0n
  bonusUnits = 0n
  arbitrationUnits = 0n
  /** A ruling's fee, until the `FeePaid` right after it pays it. */
  rulingFee = 0n
  feesDue = 0n
  returnsDue = 0n
  readonly paid = new Map<string, bigint>()
  readonly work = new Map<string, WorkBooks>()

  constructor(
    readonly id: string,
    readonly requester: string,
    readonly terms: Args,
  ) {}

  get unit(): bigint {
    return big(this.terms['reward']) + big(this.terms['operatorFee'])
  }
  get heldUnits(): bigint {
    const waiting = this.free + this.claimed + this.submitted + this.contestable + this.disputed
    return BigInt(waiting) * this.unit
  }
  get lockedUnits(): bigint {
    return [...this.work.values()].reduce((sum, work) => sum + work.locked, 0n)
  }
  get paidUnits(): bigint {
    return [...this.paid.values()].reduce((sum, units) => sum + units, 0n)
  }
  workOf(worker: unknown): WorkBooks {
    const key = String(worker)
    const known = this.work.get(key) ?? new WorkBooks()
    this.work.set(key, known)
    return known
  }
}

export type DisputeBooks = { batchId: string; count: number; accepted: number | null; bond: bigint; state: string }

export class Books {
  readonly accounts = new Map<string, bigint>()
  readonly batches = new Map<string, BatchBooks>()
  readonly disputes = new Map<string, DisputeBooks>()
  deposited = 0n
  withdrawn = 0n

  constructor(private readonly report: Report) {}

  get accountUnits(): bigint {
    return [...this.accounts.values()].reduce((sum, units) => sum + units, 0n)
  }
  get bondUnits(): bigint {
    return [...this.disputes.values()].reduce((sum, dispute) => sum + dispute.bond, 0n)
  }

  /** One event at its block's time, in the order of the chain. */
  apply(log: Log, time: number): void {
    const { args } = log
    if (this.ofMoney(log)) return
    const id = args['batchId'] === undefined ? null : String(args['batchId'])
    if (log.name === 'BondPosted' || log.name === 'BondReturned') this.bond(log)
    if (log.name === 'BatchOpened' && id) this.open(log, id)
    if (log.name === 'BatchOpened' || !id) return
    const batch = this.batches.get(id)
    if (!this.report.equal('known_batch', nameOf(log), true, batch !== undefined) || !batch) return
    this.ofBatch(log, batch, time)
  }

  /** Sums that must hold at the end. */
  finish(): void {
    for (const batch of this.batches.values()) {
      const sum = COUNTS.reduce((total, name) => total + batch[name], 0)
      this.report.equal('conservation', batch.id, batch.funded, sum)
      this.report.equal('fees', batch.id, [batch.feesDue, batch.returnsDue], [batch.feeUnits, batch.returnedUnits])
      const spent = batch.paidUnits + batch.feeUnits + batch.returnedUnits + batch.refundedUnits
      this.report.equal('money', batch.id, batch.fundedUnits, spent + batch.heldUnits)
    }
  }

  private ofMoney({ name, args }: Log): boolean {
    if (name === 'Deposited') {
      this.credit(args['account'], big(args['amount']))
      this.deposited += big(args['amount'])
    } else if (name === 'Withdrawn') {
      this.credit(args['account'], -big(args['amount']))
      this.withdrawn += big(args['amount'])
    } else return false
    return true
  }

  private open(log: Log, id: string): void {
    const { args } = log
    const batch = new BatchBooks(id, String(args['requester']), args['terms'] as Args)
    this.batches.set(id, batch)
    this.fund(log, batch)
  }

  private fund(log: Log, batch: BatchBooks): void {
    const count = Number(log.args['assignments'])
    const amount = big(log.args['amount'])
    this.report.equal('funding', nameOf(log), batch.unit * BigInt(count), amount)
    batch.free += count
    batch.funded += count
    batch.fundedUnits += amount
    this.credit(batch.requester, -amount)
  }

  private bond({ name, args }: Log): void {
    const amount = big(args['amount'])
    const sign = name === 'BondPosted' ? 1n : -1n
    this.credit(args['poster'], -sign * amount)
    const dispute = this.disputes.get(String(args['disputeId']))
    if (dispute) dispute.bond += sign * amount
  }

  private ofBatch(log: Log, batch: BatchBooks, time: number): void {
    const { name, args } = log
    const count = Number(args['count'] ?? args['assignments'] ?? 0)
    const amount = big(args['amount'] ?? 0)
    const work = args['worker'] === undefined ? new WorkBooks() : batch.workOf(args['worker'])
    switch (name) {
      case 'BatchExtended':
        batch.manifests = Number(args['manifestVersion'])
        this.fund(log, batch)
        break
      case 'BatchClosed':
        batch.closedAt = time
        break
      case 'Claimed':
        work.claimed += count
        this.move(log, batch, 'free', 'claimed', count)
        break
      case 'ClaimReturned':
      case 'ClaimExpired':
        work.claimed -= count
        this.move(log, batch, 'claimed', 'free', count)
        break
      case 'Submitted':
        work.claimed -= count
        work.submitted += count
        this.report.equal('windows', nameOf(log), time + Number(batch.terms['reviewWindow']), args['reviewEnd'])
        this.move(log, batch, 'claimed', 'submitted', count)
        break
      case 'Settled':
        batch.settlements += 1
        batch.results = String(args['resultsDigest'])
        this.report.equal('reasons', nameOf(log), batch.settlements, args['nonce'])
        break
      case 'Paid':
        this.pay(log, batch, work, count, amount)
        break
      case 'Rejected':
        work.submitted -= count
        work.decided += count
        work.contestable += count
        this.report.equal('reasons', nameOf(log), batch.results, args['resultsDigest'])
        this.report.equal('windows', nameOf(log), time + Number(batch.terms['disputeWindow']), args['contestEnd'])
        this.move(log, batch, 'submitted', 'contestable', count)
        break
      case 'RejectionReleased':
        work.contestable -= count
        this.move(log, batch, 'contestable', 'free', count)
        break
      case 'Refunded':
        this.report.equal('refund', nameOf(log), batch.unit * BigInt(count), amount)
        batch.refundedUnits += amount
        this.credit(batch.requester, amount)
        this.move(log, batch, 'free', 'refunded', count)
        break
      case 'FeePaid':
        this.credit(args['receiver'], amount)
        if (batch.rulingFee === 0n) batch.feeUnits += amount
        else {
          this.report.equal(
            'dispute',
            nameOf(log),
            [batch.terms['arbitrator'], batch.rulingFee],
            [args['receiver'], amount],
          )
          batch.arbitrationUnits += amount
          batch.rulingFee = 0n
        }
        break
      case 'FeeReturned':
        batch.returnedUnits += amount
        this.credit(batch.requester, amount)
        break
      case 'FeeLocked':
        work.locked += amount
        this.credit(batch.requester, -amount)
        break
      case 'FeeReleased':
        work.locked -= amount
        this.credit(batch.requester, amount)
        break
      case 'BonusPaid':
        batch.bonusUnits += amount
        this.credit(args['requester'], -amount)
        this.credit(args['worker'], amount)
        break
      case 'Disputed':
        work.contestable -= count
        work.disputed += count
        this.report.equal('windows', nameOf(log), time + Number(batch.terms['rulingWindow']), args['rulingEnd'])
        this.report.equal('dispute', nameOf(log), batch.terms['arbitrator'], args['arbitrator'])
        this.disputes.set(String(args['disputeId']), {
          batchId: batch.id,
          count,
          accepted: null,
          bond: 0n,
          state: 'open',
        })
        this.move(log, batch, 'contestable', 'disputed', count)
        break
      case 'Ruled':
        this.rule(log, batch, work, count)
        break
    }
  }

  private pay(log: Log, batch: BatchBooks, work: WorkBooks, count: number, amount: bigint): void {
    const reason = REASONS[Number(log.args['reason'])] ?? String(log.args['reason'])
    const fee = big(batch.terms['operatorFee']) * BigInt(count)
    this.report.equal('payment', nameOf(log), big(batch.terms['reward']) * BigInt(count), amount)
    this.credit(log.args['worker'], amount)
    batch.paid.set(reason, (batch.paid.get(reason) ?? 0n) + amount)
    if (BY_REVIEW.has(reason)) batch.feesDue += fee
    else batch.returnsDue += fee
    if (reason === 'reviewed' || reason === 'silence') {
      work.submitted -= count
      work.decided += count
      this.move(log, batch, 'submitted', 'accepted', count)
    } else if (reason === 'overturned' || reason === 'fee_short') {
      work.contestable -= count
      this.move(log, batch, 'contestable', 'accepted', count)
    } else if (reason === 'direct') this.move(log, batch, 'free', 'accepted', count)
  }

  private rule(log: Log, batch: BatchBooks, work: WorkBooks, count: number): void {
    const accepted = Number(log.args['accepted'])
    const dispute = this.disputes.get(String(log.args['disputeId']))
    const [fromBond, fromLock] = [big(log.args['fromBond']), big(log.args['fromLock'])]
    this.report.equal('dispute', nameOf(log), dispute?.count, count)
    this.move(log, batch, 'disputed', 'accepted', accepted)
    this.move(log, batch, 'disputed', 'free', count - accepted)
    work.disputed -= count
    work.locked -= fromLock
    if (dispute) {
      dispute.bond -= fromBond
      dispute.accepted = accepted
      dispute.state = log.args['ruled'] ? 'ruled' : 'overdue'
    }
    batch.rulingFee = fromBond + fromLock
  }

  private move(log: Log, batch: BatchBooks, from: Count, to: Count, count: number): void {
    batch[from] -= count
    batch[to] += count
    this.report.equal('counts', nameOf(log), true, batch[from] >= 0)
  }

  private credit(account: unknown, amount: bigint): void {
    const key = String(account)
    this.accounts.set(key, (this.accounts.get(key) ?? 0n) + amount)
  }
}

export function big(value: unknown): bigint {
  return BigInt(value as string | number | bigint)
}

/** An event, by its own words and its place. */
export function nameOf(log: Log): string {
  return `${log.name} ${log.block}/${log.index}`
}
