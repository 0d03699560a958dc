// Money, times and lengths of time as the reader writes them.
import { formatUnits } from 'viem'

/** Token units as a decimal with its symbol: exact, since a float near money is a bug. */
export function money(units: bigint | string, decimals: number, symbol: string, language: string): string {
  const text = formatUnits(BigInt(units), decimals)
  const places = text.split('.')[1]?.length ?? 0
  const format = new Intl.NumberFormat(language, {
    minimumFractionDigits: Math.min(2, decimals),
    maximumFractionDigits: Math.max(2, places),
  })
  // Decimal text is formatted exactly; TypeScript's library knows only numbers here.
  return `${format.format(text as unknown as number)}\u00a0${symbol}`
}

/** What one task's reward comes to in an hour at the time that the requester names. */
export function perHour(rewardUnits: bigint | string, secondsPerTask: number): bigint {
  return secondsPerTask > 0 ? (BigInt(rewardUnits) * 3600n) / BigInt(secondsPerTask) : 0n
}

/** What an hour pays is a rate: down to whole hundredths of a token, unless it is less than one. */
export function wholeHundredths(units: bigint | string, decimals: number): bigint {
  const step = 10n ** BigInt(Math.max(0, decimals - 2))
  const exact = BigInt(units)
  return exact < step ? exact : (exact / step) * step
}

/** A decimal that a person typed, as token units; null if it is none. */
export function parseMoney(text: string, decimals: number): bigint | null {
  const found = /^(\d{1,20})(?:[.,](\d+))?$/.exec(text.trim())
  if (!found || (found[2] ?? '').length > decimals) return null
  return BigInt((found[1] ?? '') + (found[2] ?? '').padEnd(decimals, '0'))
}

/** Seconds as minutes and seconds, or hours and minutes: `4:05`, `1:00:00`. */
export function clock(seconds: number, language: string): string {
  const left = Math.max(0, Math.floor(seconds))
  const two = new Intl.NumberFormat(language, { minimumIntegerDigits: 2 })
  const plain = new Intl.NumberFormat(language)
  const [hours, minutes] = [Math.floor(left / 3600), Math.floor(left / 60) % 60]
  const rest = `${two.format(left % 60)}`
  return hours ? `${plain.format(hours)}:${two.format(minutes)}:${rest}` : `${plain.format(minutes)}:${rest}`
}

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
]

/** How far `at` lies from `now` (unix seconds), in the largest unit that fits. */
export function distance(at: number, now: number, language: string): string {
  const seconds = at - now
  const [unit, size] = STEPS.find(([, length]) => Math.abs(seconds) >= length) ?? ['second', 1]
  return new Intl.RelativeTimeFormat(language, { numeric: 'auto' }).format(Math.trunc(seconds / size), unit)
}

const SIZES = ['byte', 'kilobyte', 'megabyte', 'gigabyte']

/** A number of bytes in the largest unit that fits. */
export function size(bytes: number, language: string): string {
  const step = Math.min(SIZES.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, bytes)) / 3)))
  const how = { style: 'unit' as const, unit: SIZES[step] ?? 'byte', maximumFractionDigits: 1 }
  return new Intl.NumberFormat(language, how).format(bytes / 1_000 ** step)
}

/** A language's name in the reader's; the tag itself where it has none. */
export function nameOfLanguage(tag: string, language: string): string {
  try {
    return new Intl.DisplayNames(language, { type: 'language' }).of(tag) ?? tag
  } catch {
    return tag
  }
}

/** A time of work: whole minutes, at least one, below an hour; then hours with a tenth. */
export function duration(seconds: number, language: string): string {
  const minutes = Math.max(1, Math.round(seconds / 60))
  const [value, unit] = minutes < 60 ? [minutes, 'minute'] : [seconds / 3_600, 'hour']
  const how = { style: 'unit' as const, unit, unitDisplay: 'long' as const, maximumFractionDigits: 1 }
  return new Intl.NumberFormat(language, how).format(value)
}
