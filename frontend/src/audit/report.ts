// What a verification says: what was compared and how often, what differs, and what nobody looked at.

export const FACTS = [
  'chain',
  'block',
  'log_block',
  'known_batch',
  'funding',
  'payment',
  'refund',
  'counts',
  'conservation',
  'fees',
  'reasons',
  'windows',
  'dispute',
  'money',
  'view_batch',
  'view_worker',
  'view_account',
  'balance',
  'api_counts',
  'api_money',
  'api_event',
  'api_terms',
  'api_dispute',
] as const
export type Fact = (typeof FACTS)[number]
export const LEFT = ['files', 'hidden', 'rulers', 'node', 'sizes'] as const
export type Left = (typeof LEFT)[number]

export type Difference = { fact: Fact; subject: string; expected: string; found: string }

export class Report {
  readonly checked = new Map<Fact, number>()
  readonly differs: Difference[] = []
  readonly left: Left[] = []

  /** Counts one comparison, and notes it if the sides differ. */
  equal(fact: Fact, subject: string, expected: unknown, found: unknown): boolean {
    this.checked.set(fact, (this.checked.get(fact) ?? 0) + 1)
    const [wanted, given] = [plain(expected), plain(found)]
    if (wanted === given) return true
    this.differs.push({ fact, subject, expected: wanted, found: given })
    return false
  }
}

/** Numbers, big or small, as decimal text; addresses and hashes in small letters; the keys of what has some, in order. */
export function plain(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(plain).join(', ')}]`
  if (value !== null && typeof value === 'object')
    return `{${Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, inner]) => `${name}: ${plain(inner)}`)
      .join(', ')}}`
  return /^0x[0-9a-f]+$/i.test(String(value)) ? String(value).toLowerCase() : String(value)
}
