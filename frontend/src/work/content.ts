// From a task's content, a stranger's JSON, to what its frame shows; and from an answer schema to how it is answered.
import { sha256 } from 'viem'

export type Part = { kind: 'text'; name: string | null; text: string } | { kind: 'image'; bytes: Uint8Array }
export type Wanted =
  | { kind: 'text'; name: string | null; text: string }
  | { kind: 'image'; cid: string; sha256: string | null }

const CID = /^(b[a-z2-7]{20,100}|Qm[1-9A-HJ-NP-Za-km-z]{44})$/
const PLAIN = new Set(['text', 'question', 'prompt'])

/** What the content asks to show, in its own order. Only `image` with a CID is fetched; all else is text. */
export function wantedParts(content: Record<string, unknown>): Wanted[] {
  const digest = typeof content['sha256'] === 'string' ? content['sha256'] : null
  const parts: Wanted[] = []
  for (const [name, value] of Object.entries(content)) {
    if (name === 'image' && typeof value === 'string' && CID.test(value))
      parts.push({ kind: 'image', cid: value, sha256: digest })
    else if (name !== 'sha256')
      parts.push({
        kind: 'text',
        name: PLAIN.has(name) ? null : name,
        text: typeof value === 'string' ? value : JSON.stringify(value, null, 1),
      })
  }
  return parts
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

export type Choice = { value: unknown; label: string; key: string }
export type Way =
  | { kind: 'choice'; choices: Choice[] }
  | { kind: 'text'; minimum: number; maximum: number | null }
  | { kind: 'number'; whole: boolean }
  | { kind: 'unknown' }

type Schema = Record<string, unknown>
const KEYS = '1234567890abcdefghijklmnopqrstuvwxyz'

/** How an answer of this schema is given. A schema that this app does not know is `unknown`, and said to be so. */
export function wayOf(schema: Schema): Way {
  const options = choicesOf(schema)
  if (options)
    return { kind: 'choice', choices: options.map((option, place) => ({ ...option, key: keyOf(options, place) })) }
  const type = schema['type']
  if (type === 'string') {
    const [minimum, maximum] = [schema['minLength'], schema['maxLength']]
    return {
      kind: 'text',
      minimum: typeof minimum === 'number' ? Math.max(1, minimum) : 1,
      maximum: typeof maximum === 'number' ? maximum : null,
    }
  }
  if (type === 'integer' || type === 'number') return { kind: 'number', whole: type === 'integer' }
  return { kind: 'unknown' }
}

function choicesOf(schema: Schema): Omit<Choice, 'key'>[] | null {
  if (Array.isArray(schema['enum'])) return schema['enum'].map((value: unknown) => ({ value, label: labelOf(value) }))
  if (schema['type'] === 'boolean') return [true, false].map((value) => ({ value, label: labelOf(value) }))
  if (Array.isArray(schema['oneOf'])) {
    const options = (schema['oneOf'] as Schema[]).map((option) => ({
      value: option['const'],
      label: typeof option['title'] === 'string' ? option['title'] : labelOf(option['const']),
    }))
    return options.every((option) => option.value !== undefined) ? options : null
  }
  return null
}

function labelOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** Digits answer with themselves; other choices by their place. */
function keyOf(options: Omit<Choice, 'key'>[], place: number): string {
  const digits = options.every(({ label }) => /^\d$/.test(label))
  return digits ? (options[place]?.label ?? '') : (KEYS[place] ?? '')
}
