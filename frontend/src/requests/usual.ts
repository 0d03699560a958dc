// What an hour usually pays: the middle of batches, so that one very high or low offer changes nothing.
import type { Schemas } from '../api/client'

export type Usual = { units: bigint; batches: number }

/** The lower middle of what these batches pay an hour; null where none of them says so. */
export function usualPay(items: Schemas['BatchItem'][]): Usual | null {
  const known = items.flatMap(({ pay_per_hour_units }) =>
    pay_per_hour_units === null ? [] : [BigInt(pay_per_hour_units)],
  )
  known.sort((one, other) => (one < other ? -1 : Number(one > other)))
  const units = known[Math.floor((known.length - 1) / 2)]
  return units === undefined ? null : { units, batches: known.length }
}

/** How much more than usual, as a share: 0.5 is half as much again, -0.5 is half. */
export function above(units: bigint, usual: bigint): number {
  return usual > 0n ? Number((units * 1_000n) / usual - 1_000n) / 1_000 : 0
}
