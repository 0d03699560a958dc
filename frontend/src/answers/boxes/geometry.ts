// Boxes as fractions of a picture's width and height, always inside it.
export type Box = { label: string; x: number; y: number; width: number; height: number }
export type Point = { x: number; y: number }
export type Corner = 'nw' | 'ne' | 'sw' | 'se'

const DIGITS = 10_000
/** Smaller than this is a slip of the hand. */
export const LEAST = 0.005

function rounded(value: number): number {
  return Math.round(value * DIGITS) / DIGITS
}

function within(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value))
}

/** The box between two points. */
export function between(label: string, from: Point, to: Point): Box {
  const [x, y] = [within(Math.min(from.x, to.x), 0, 1), within(Math.min(from.y, to.y), 0, 1)]
  const [right, bottom] = [within(Math.max(from.x, to.x), 0, 1), within(Math.max(from.y, to.y), 0, 1)]
  return fitted({ label, x, y, width: right - x, height: bottom - y })
}

export function moved(box: Box, by: Point): Box {
  const x = within(box.x + by.x, 0, 1 - box.width)
  const y = within(box.y + by.y, 0, 1 - box.height)
  return fitted({ ...box, x, y })
}

/** The box with its right and lower edge moved. */
export function grown(box: Box, by: Point): Box {
  const width = within(box.width + by.x, LEAST, 1 - box.x)
  const height = within(box.height + by.y, LEAST, 1 - box.y)
  return fitted({ ...box, width, height })
}

/** The box with one corner at a point, and the opposite one where it was. */
export function pulled(box: Box, corner: Corner, to: Point): Box {
  const across = {
    x: corner.endsWith('w') ? box.x + box.width : box.x,
    y: corner.startsWith('n') ? box.y + box.height : box.y,
  }
  return between(box.label, across, to)
}

export function isSlip(box: Box): boolean {
  return box.width < LEAST || box.height < LEAST
}

function fitted(box: Box): Box {
  const [x, y] = [rounded(box.x), rounded(box.y)]
  return { ...box, x, y, width: rounded(Math.min(box.width, 1 - x)), height: rounded(Math.min(box.height, 1 - y)) }
}
