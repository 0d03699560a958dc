// From a task's content, a stranger's JSON, to what its frame shows.
import { sha256 } from 'viem'

/** Where a picture or recording comes from: a pinned file by its CID, or a link to another host. */
export type Place = { cid: string; sha256: string | null } | { url: string }
export type Wanted =
  | { kind: 'text'; name: string | null; text: string }
  | ({ kind: 'image' | 'audio' } & Place)
  | { kind: 'pair'; sides: [Wanted[], Wanted[]] }
  | { kind: 'match'; rows: [name: string, left: string, right: string][] }
export type Part =
  | { kind: 'text'; name: string | null; text: string }
  | ({ kind: 'image' | 'audio' } & ({ bytes: Uint8Array } | { url: string }))
  | { kind: 'pair'; sides: [Part[], Part[]] }
  | { kind: 'match'; rows: [name: string, left: string, right: string][] }

type Json = Record<string, unknown>

export const CID = /^(b[a-z2-7]{20,110}|Qm[1-9A-HJ-NP-Za-km-z]{44})$/
const PLAIN = new Set(['text', 'question', 'prompt', 'introduction', 'context', 'a', 'b'])
const MEDIA = new Set(['image', 'image_a', 'image_b', 'audio'])

/**
 * What a content asks to show. Its type names the fields and their order; a content with none of them, which a batch
 * with an answer schema of its own may have, is shown whole. Media are fetched by CID; links are followed by those who agree.
 */
export function wantedParts(content: Json, type: string | null = null, shows: string[] = []): Wanted[] {
  if (type === 'entity_match' && isRecord(content['left']) && isRecord(content['right']))
    return [...fieldsOf(content, ['question']), { kind: 'match', rows: rowsOf(content['left'], content['right']) }]
  if (type === 'preference')
    return [
      ...fieldsOf(content, ['question']),
      { kind: 'pair', sides: [fieldsOf(content, ['image_a', 'a']), fieldsOf(content, ['image_b', 'b'])] },
    ]
  if (type === 'external') return []
  const known = shows.filter((name) => name in content)
  return fieldsOf(content, known.length > 0 ? known : Object.keys(content).filter((name) => name !== 'sha256'))
}

function fieldsOf(content: Json, names: string[]): Wanted[] {
  const digest = typeof content['sha256'] === 'string' ? content['sha256'] : null
  return names.flatMap((name): Wanted[] => {
    const value = content[name]
    if (value === undefined) return []
    if (MEDIA.has(name) && typeof value === 'string') {
      const kind = name === 'audio' ? 'audio' : 'image'
      if (CID.test(value)) return [{ kind, cid: value, sha256: digest }]
      if (hostOf(value)) return [{ kind, url: value }]
    }
    if (name === 'record' && isRecord(value))
      return Object.entries(value).map(([key, inner]) => ({ kind: 'text', name: key, text: textOf(inner) }))
    return [{ kind: 'text', name: PLAIN.has(name) ? null : name, text: textOf(value) }]
  })
}

function rowsOf(left: Json, right: Json): [string, string, string][] {
  const names = [...new Set([...Object.keys(left), ...Object.keys(right)])]
  const cell = (record: Json, name: string) => (name in record ? textOf(record[name]) : '')
  return names.map((name) => [name, cell(left, name), cell(right, name)])
}

function isRecord(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value, null, 1)
}

/** The host that a link leads to; null for what is no https link. */
export function hostOf(link: string): string | null {
  try {
    const { protocol, host } = new URL(link)
    return protocol === 'https:' ? host : null
  } catch {
    return null
  }
}

/** The hosts that showing these parts would ask. */
export function hostsOf(parts: Part[]): string[] {
  const inner = parts.flatMap((part): string[] => {
    if (part.kind === 'pair') return part.sides.flatMap(hostsOf)
    const host = 'url' in part ? hostOf(part.url) : null
    return host ? [host] : []
  })
  return [...new Set(inner)]
}

/** The same parts without links to hosts that nobody agreed to. */
export function withoutHosts(parts: Part[], agreed: string[]): Part[] {
  return parts.flatMap((part): Part[] => {
    if (part.kind === 'pair') {
      const [a, b] = part.sides
      return [{ kind: 'pair', sides: [withoutHosts(a, agreed), withoutHosts(b, agreed)] }]
    }
    return 'url' in part && !agreed.includes(hostOf(part.url) ?? '') ? [] : [part]
  })
}

/** Whether nothing must be fetched before these parts can be shown. */
export function isAtHand(wanted: Wanted[]): boolean {
  return wanted.every((part) => (part.kind === 'pair' ? part.sides.every(isAtHand) : !('cid' in part)))
}

/** Whether bytes are those that a digest of the content or a CID of one raw block names; other CIDs the gateway checked. */
export function isGenuine(bytes: Uint8Array, cid: string, digest: string | null): boolean {
  const found = sha256(bytes).slice(2)
  if (digest !== null && digest.replace(/^0x/, '').toLowerCase() !== found) return false
  const named = rawDigest(cid)
  return named === null || named === found
}

/** The sha2-256 digest in a CIDv1 of one raw block (base32), as hex; null for other kinds. */
export function rawDigest(cid: string): string | null {
  if (!cid.startsWith('b')) return null
  const bytes: number[] = []
  let [buffer, bits] = [0, 0]
  for (const sign of cid.slice(1)) {
    buffer = ((buffer << 5) | 'abcdefghijklmnopqrstuvwxyz234567'.indexOf(sign)) & 0xfff
    bits += 5
    if (bits >= 8) {
      bits -= 8
      bytes.push((buffer >> bits) & 0xff)
    }
  }
  const isRaw = bytes[0] === 1 && bytes[1] === 0x55 && bytes[2] === 0x12 && bytes[3] === 0x20 && bytes.length === 36
  return isRaw
    ? bytes
        .slice(4)
        .map((byte) => byte.toString(16).padStart(2, '0'))
        .join('')
    : null
}
