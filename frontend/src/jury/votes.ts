// A juror's secret vote: what it commits to, and the salt that stays in this browser until the reveal.
import { type Address, encodeAbiParameters, type Hex, keccak256, parseAbiParameters, toHex } from 'viem'

export type Vote = { ruling: number; salt: Hex }
const FIELDS = parseAbiParameters('uint256, address, address, uint256, address, uint256, bytes32')
type Place = { chainId: number; panel: string; escrow: string; disputeId: string; juror: string }

/** `commitmentOf` of the panel, computed here: nobody else learns vote or salt. */
export function commitmentOf(place: Place, vote: Vote): Hex {
  const [panel, escrow, juror] = [place.panel, place.escrow, place.juror] as [Address, Address, Address]
  const values = [BigInt(place.chainId), panel, escrow, BigInt(place.disputeId), juror, BigInt(vote.ruling), vote.salt]
  return keccak256(encodeAbiParameters(FIELDS, values as never))
}

export function newVote(ruling: number): Vote {
  return { ruling, salt: toHex(crypto.getRandomValues(new Uint8Array(32))) }
}

function stored({ chainId, panel, escrow, disputeId, juror }: Place): string {
  return ['piecework.vote', chainId, panel, escrow, disputeId, juror].join(':').toLowerCase()
}

/** Kept before it is sent: a vote whose salt is lost can never be shown. */
export function keepVote(place: Place, vote: Vote): void {
  localStorage.setItem(stored(place), JSON.stringify(vote))
}

export function keptVote(place: Place): Vote | null {
  return readVote(localStorage.getItem(stored(place)) ?? '')
}

/** A vote as a juror copied it; null if it is none. */
export function readVote(text: string): Vote | null {
  try {
    const found = JSON.parse(text) as Partial<Vote>
    const right = Number.isInteger(found.ruling) && /^0x[0-9a-f]{64}$/i.test(String(found.salt))
    return right ? (found as Vote) : null
  } catch {
    return null
  }
}
