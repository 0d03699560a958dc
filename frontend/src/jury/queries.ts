// What the jurors' pages ask of the gateway.
import { queryOptions } from '@tanstack/react-query'
import { sha256 } from 'viem'
import { api, data, payload } from '../api/client'

const LIVE_MILLISECONDS = 2_000

export const queueQuery = (juror: string) =>
  queryOptions({
    queryKey: ['jury', juror],
    queryFn: () => data(api.GET('/v1/juror/queue')),
    refetchInterval: LIVE_MILLISECONDS,
  })

export const disputeQuery = (disputeId: string) =>
  queryOptions({
    queryKey: ['dispute', disputeId],
    queryFn: () => data(api.GET('/v1/disputes/{dispute_id}', { params: { path: { dispute_id: disputeId } } })),
    refetchInterval: LIVE_MILLISECONDS,
  })

/** The contested answers by task, from the files that their digests name; bytes of another digest are refused. */
export const answersQuery = (digests: string[]) =>
  queryOptions({
    queryKey: ['answers', digests],
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: async () => {
      const found: Record<string, unknown> = {}
      for (const digest of digests) {
        const bytes = await payload(cidOfDigest(digest))
        if (sha256(bytes) !== digest) throw new Error(digest)
        const file = JSON.parse(new TextDecoder().decode(bytes)) as { answers: { task: string; answer: unknown }[] }
        for (const { task, answer } of file.answers) found[`${digest} ${task}`] = answer
      }
      return found
    },
  })

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567'

/** The CIDv1 (base32) of the one raw block that a digest on chain names. */
export function cidOfDigest(digest: string): string {
  const bytes = [1, 0x55, 0x12, 0x20, ...(digest.slice(2).match(/../g) ?? []).map((hex) => Number.parseInt(hex, 16))]
  let [text, buffer, bits] = ['', 0, 0]
  for (const byte of bytes) {
    buffer = ((buffer << 8) | byte) & 0xfff
    bits += 8
    for (; bits >= 5; bits -= 5) text += ALPHABET[(buffer >> (bits - 5)) & 31]
  }
  return `b${text}${bits ? ALPHABET[(buffer << (5 - bits)) & 31] : ''}`
}
