// The steps of a new batch, as they stand in the address.
export const STEPS = [1, 2, 3, 4, 5] as const
export type Step = (typeof STEPS)[number]

export function stepSearch(search: Record<string, unknown>): { step: Step } {
  return { step: STEPS.find((step) => step === Number(search['step'])) ?? 1 }
}
