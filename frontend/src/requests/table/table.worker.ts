// The table lives here, off the page: fifty thousand rows are read, checked and written without the page noticing.
import { type Fault, parseCsv, type Table } from './csv'
import { type Made, type Misfit, makeTasks, type Rules, type Task } from './tasks'

export type Summary = {
  columns: string[]
  rows: number
  sample: string[][]
  faults: Fault[]
  faultCount: number
}
export type Checked = {
  tasks: number
  known: number
  sample: Task[]
  misfits: Misfit[]
  misfitCount: number
  strays: Misfit[]
  strayCount: number
}
export type Wish =
  | { do: 'read'; source: Blob | string }
  | { do: 'check'; rules: Rules }
  | { do: 'body'; rules: Rules; head: Record<string, unknown> }
export type Asked = { number: number; wish: Wish }
export type Told = { number: number; value: Summary | Checked | Blob } | { number: number; failure: string }

const SAMPLE_ROWS = 20
let table: Table = { columns: [], rows: [], faults: [], faultCount: 0 }

async function answer(wish: Wish): Promise<Summary | Checked | Blob> {
  if (wish.do === 'read') {
    const { source } = wish
    const text = typeof source === 'string' ? source : new TextDecoder().decode(await source.arrayBuffer())
    table = parseCsv(text)
    const { columns, rows, faults, faultCount } = table
    return {
      columns,
      rows: rows.length,
      sample: rows.slice(0, SAMPLE_ROWS).map(({ cells }) => cells),
      faults,
      faultCount,
    }
  }
  const made = makeTasks(table, wish.rules)
  return wish.do === 'check' ? checked(made) : body(wish.head, made)
}

function checked({ tasks, known, ...faults }: Made): Checked {
  return { tasks: tasks.length, known: Object.keys(known).length, sample: tasks.slice(0, SAMPLE_ROWS), ...faults }
}

/** The draft as the gateway takes it. */
function body(head: Record<string, unknown>, { tasks, known }: Made): Blob {
  const gold = Object.keys(known).length ? { gold: known } : {}
  return new Blob([JSON.stringify({ ...head, tasks, ...gold })], { type: 'application/json' })
}

self.onmessage = ({ data: { number, wish } }: MessageEvent<Asked>) => {
  void answer(wish).then(
    (value) => self.postMessage({ number, value } satisfies Told),
    (error: unknown) => self.postMessage({ number, failure: String(error) } satisfies Told),
  )
}
