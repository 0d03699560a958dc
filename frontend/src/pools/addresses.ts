// Addresses as somebody pastes them.

const ADDRESS = /^0x[0-9a-fA-F]{40}$/

/** One a line, blank lines aside; or the number of the first line that is none. */
export function addressesIn(text: string): string[] | number {
  const lines = text.split('\n').map((line) => line.trim().replace(/,$/, ''))
  const wrong = lines.findIndex((line) => line !== '' && !ADDRESS.test(line))
  return wrong >= 0 ? wrong + 1 : [...new Set(lines.filter(Boolean))]
}
