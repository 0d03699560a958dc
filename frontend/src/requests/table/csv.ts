// Reads CSV (RFC 4180) with commas, semicolons or tabs, and says of each fault in which line and column it stands.

export type Row = { line: number; cells: string[] }
/** `line` and `column` count from one; the column is that of the table, not of the text. */
export type Fault = { code: FaultCode; line: number; column: number; detail: string }
export type FaultCode =
  | 'no_header'
  | 'no_rows'
  | 'too_many_rows'
  | 'quote_open'
  | 'quote_after'
  | 'cells_missing'
  | 'cells_extra'
  | 'column_unnamed'
  | 'column_twice'
  | 'not_text'
export type Table = { columns: string[]; rows: Row[]; faults: Fault[]; faultCount: number }

export const MOST_ROWS = 50_000
const MOST_FAULTS = 50
const [QUOTE, LINE_FEED, RETURN] = ['"', '\n', '\r']

/** The table, and what is wrong with it: at most fifty faults, and how many there are. */
export function parseCsv(text: string): Table {
  const faults: Fault[] = []
  let faultCount = 0
  const fault = (code: FaultCode, line: number, column: number, detail = '') => {
    faultCount += 1
    if (faults.length < MOST_FAULTS) faults.push({ code, line, column, detail })
  }
  const [header, ...rows] = records(text, fault)
  const columns = (header?.cells ?? []).map((cell) => cell.trim())
  if (header) checkHeader(header.line, columns, fault)
  else fault('no_header', 1, 1)
  if (header && rows.length === 0) fault('no_rows', header.line, 1)
  for (const { line, cells } of rows) {
    if (cells.length < columns.length) fault('cells_missing', line, cells.length + 1, columns[cells.length] ?? '')
    if (cells.length > columns.length) fault('cells_extra', line, columns.length + 1, cells[columns.length] ?? '')
    const broken = cells.findIndex((cell) => cell.includes('\ufffd'))
    if (broken >= 0) fault('not_text', line, broken + 1, columns[broken] ?? '')
  }
  const beyond = rows[MOST_ROWS]
  if (beyond) fault('too_many_rows', beyond.line, 1, String(rows.length))
  return { columns, rows, faults, faultCount }
}

type Report = (code: FaultCode, line: number, column: number, detail?: string) => void

function checkHeader(line: number, columns: string[], fault: Report): void {
  columns.forEach((name, place) => {
    if (!name) fault('column_unnamed', line, place + 1)
    else if (columns.indexOf(name) < place) fault('column_twice', line, place + 1, name)
  })
}

/** Lines that are blank are passed over; a cell in quotes may hold line breaks. */
function records(text: string, fault: Report): Row[] {
  const separator = separatorOf(text)
  const found: Row[] = []
  let at = text.startsWith('\ufeff') ? 1 : 0
  let line = 1
  while (at < text.length) {
    const row: Row = { line, cells: [] }
    for (;;) {
      const column = row.cells.length + 1
      if (text[at] === QUOTE) {
        const [value, end] = quoted(text, at)
        if (end < 0) fault('quote_open', line, column)
        row.cells.push(value)
        line += breaksIn(value)
        at = end < 0 ? text.length : end
        const after = endOfCell(text, at, separator)
        if (after > at) fault('quote_after', line, column, text.slice(at, after))
        at = after
      } else {
        const end = endOfCell(text, at, separator)
        row.cells.push(text.slice(at, end))
        at = end
      }
      if (text[at] !== separator) break
      at += 1
    }
    if (text[at] === RETURN) at += 1
    if (text[at] === LINE_FEED) at += 1
    line += 1
    if (row.cells.length > 1 || row.cells[0]?.trim()) found.push(row)
  }
  return found
}

/** What stands between the quotes that open at `at`, and where it goes on; -1 if they are never closed. */
function quoted(text: string, at: number): [value: string, end: number] {
  let value = ''
  let from = at + 1
  for (;;) {
    const end = text.indexOf(QUOTE, from)
    if (end < 0) return [value + text.slice(from), -1]
    value += text.slice(from, end)
    if (text[end + 1] !== QUOTE) return [value, end + 1]
    value += QUOTE
    from = end + 2
  }
}

function endOfCell(text: string, from: number, separator: string): number {
  let at = from
  while (at < text.length && text[at] !== separator && text[at] !== LINE_FEED && text[at] !== RETURN) at += 1
  return at
}

function breaksIn(value: string): number {
  return value.split(/\r\n|\n|\r/).length - 1
}

/** The separator that stands most often in the first line, outside of quotes. */
function separatorOf(text: string): string {
  const first = (/^[^\r\n]*/.exec(text)?.[0] ?? '').replace(/"[^"]*"/g, '')
  const counted = [',', ';', '\t'].map((sign) => ({ sign, times: first.split(sign).length }))
  return counted.reduce((best, next) => (next.times > best.times ? next : best)).sign
}

/** A table as CSV text, quoted where that is needed. */
export function writeCsv(columns: string[], rows: string[][]): string {
  const cell = (value: string) => (/[",;\t\r\n]/.test(value) ? `"${value.replaceAll(QUOTE, '""')}"` : value)
  return [columns, ...rows].map((cells) => cells.map(cell).join(',')).join('\n')
}
