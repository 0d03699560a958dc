// What is looked at before anything is signed: the gateway is not trusted with what a signature says.
import { sha256, stringToBytes } from 'viem'

export type TypedData = {
  domain: Record<string, unknown>
  types: Record<string, { name: string; type: string }[]>
  primaryType: string
  message: Record<string, unknown>
}

export class NotWhatWasAsked extends Error {}

/** Canonical JSON (RFC 8785): sorted keys, no spaces, numbers as JavaScript writes them. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (value !== null && typeof value === 'object') {
    const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
    return `{${entries.map(([name, inner]) => `${JSON.stringify(name)}:${canonical(inner)}`).join(',')}}`
  }
  return JSON.stringify(value)
}

/** Raises unless `digest` is the hash of the document that was shown. */
export function checkDigest(document: unknown, digest: string): void {
  if (sha256(stringToBytes(canonical(document))) !== digest) throw new NotWhatWasAsked(digest)
}

/** Raises unless the message is of this escrow on this chain, of this kind, and says what is expected of it. */
export function checkTyped(
  typed: unknown,
  escrow: { address: string; chainId: number },
  primaryType: string,
  expected: Record<string, string | number>,
): TypedData {
  const found = typed as TypedData
  const contract = String(found.domain['verifyingContract']).toLowerCase()
  if (found.primaryType !== primaryType) throw new NotWhatWasAsked(found.primaryType)
  if (contract !== escrow.address.toLowerCase() || Number(found.domain['chainId']) !== escrow.chainId)
    throw new NotWhatWasAsked(contract)
  for (const [name, value] of Object.entries(expected))
    if (String(found.message[name]).toLowerCase() !== String(value).toLowerCase()) throw new NotWhatWasAsked(name)
  return found
}

/** Raises unless the answers that will be signed are those that were given, in the worker's name. */
export function checkAnswers(
  document: Record<string, unknown>,
  worker: string,
  batchId: string,
  given: { task: string; answer: unknown }[],
): void {
  const same = canonical(document['answers']) === canonical(given)
  if (!same || document['worker'] !== worker || document['batch_id'] !== batchId) throw new NotWhatWasAsked('answers')
}
