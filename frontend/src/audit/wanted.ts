// What the list of batches is asked for, as it stands in the page's address.
export const STATUSES = ['all', 'open', 'ended'] as const
export type Status = (typeof STATUSES)[number]
export type Wanted = { q: string; status: Status; requester: string; taskType: string }

/** A search that an address names; what it does not know is left out. */
export function batchSearch(raw: Record<string, unknown>): Partial<Wanted> {
  const found: Partial<Wanted> = {}
  for (const name of ['q', 'requester', 'taskType'] as const) {
    const value = raw[name]
    if (typeof value === 'string' && value) found[name] = value
  }
  const status = STATUSES.find((known) => known === raw['status'])
  if (status && status !== 'all') found.status = status
  return found
}
