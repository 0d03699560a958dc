// The page's side of the table's worker.
import type { Asked, Checked, Summary, Told, Wish } from './table.worker'
import type { Rules } from './tasks'

/** A table in a worker of its own; wishes are answered in their order. */
export class TableReader {
  private readonly worker = new Worker(new URL('./table.worker.ts', import.meta.url), { type: 'module' })
  private readonly waiting = new Map<
    number,
    { done: (value: Summary | Checked | Blob) => void; failed: (error: unknown) => void }
  >()
  private number = 0

  constructor() {
    this.worker.onmessage = ({ data }: MessageEvent<Told>) => {
      const asked = this.waiting.get(data.number)
      if ('value' in data) asked?.done(data.value)
      else asked?.failed(new Error(data.failure))
      this.waiting.delete(data.number)
    }
    this.worker.onerror = (event) => {
      for (const { failed } of this.waiting.values()) failed(new Error(event.message))
      this.waiting.clear()
    }
  }

  /** Replaces the table. */
  read(source: Blob | string): Promise<Summary> {
    return this.ask({ do: 'read', source }) as Promise<Summary>
  }

  check(rules: Rules): Promise<Checked> {
    return this.ask({ do: 'check', rules }) as Promise<Checked>
  }

  /** The body of a draft: `head` with every task and the known answers. */
  body(rules: Rules, head: Record<string, unknown>): Promise<Blob> {
    return this.ask({ do: 'body', rules, head }) as Promise<Blob>
  }

  close(): void {
    this.worker.terminate()
  }

  private ask(wish: Wish): Promise<Summary | Checked | Blob> {
    this.number += 1
    const number = this.number
    return new Promise((done, failed) => {
      this.waiting.set(number, { done, failed })
      this.worker.postMessage({ number, wish } satisfies Asked)
    })
  }
}
