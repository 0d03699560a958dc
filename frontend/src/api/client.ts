// The gateway's API, typed by its own description (schema.d.ts is generated: `make web-check`).
import createClient, { type Middleware } from 'openapi-fetch'
import { onceEach } from './once'
import type { components, paths } from './schema'

export type Schemas = components['schemas']

/** A refusal of the gateway (problem+json), or no answer at all; `code` is stable. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly detail: string,
  ) {
    super(detail)
  }
}

/** Whether nobody answered, or the gateway's node did not: the same may be asked again later. */
export function isLost(error: unknown): boolean {
  return error instanceof Problem && (error.status === 0 ? error.code === 'unreachable' : LOST.has(error.code))
}

/** Also what a proxy before the gateway says while that starts again. */
const LOST = new Set(['node_unreachable', 'database_unavailable', 'no_problem'])

let forget: () => void = () => {}

/** The session is a cookie that no script can read; `onEnd` is called when the gateway no longer knows it. */
export function onSessionEnd(onEnd: () => void): void {
  forget = onEnd
}

const session: Middleware = {
  async onResponse({ response }) {
    if (response.ok) return undefined
    const body: unknown = await response
      .clone()
      .json()
      .catch(() => null)
    const said = (body ?? {}) as { code?: string; detail?: string }
    if (response.status === 401) forget()
    throw new Problem(response.status, said.code ?? 'no_problem', said.detail ?? response.statusText)
  },
  onError({ error }) {
    return error instanceof Problem ? error : new Problem(0, 'unreachable', String(error))
  },
}

export const api = createClient<paths>({ baseUrl: '', fetch: (request) => globalThis.fetch(request) })
api.use(session, onceEach)

/** The data of an answer; refusals were thrown before. */
export async function data<T>(answer: Promise<{ data?: T; error?: unknown }>): Promise<T> {
  const { data: found } = await answer
  if (found === undefined) throw new Problem(0, 'no_data', '')
  return found
}

/** Token units as the API takes them: decimal text, though its description says number. */
export function units(value: bigint | string): number {
  return String(value) as unknown as number
}

/** A pinned file's bytes. */
export async function payload(cid: string): Promise<Uint8Array> {
  const response = await fetch(`/v1/payloads/${encodeURIComponent(cid)}`).catch((error: unknown) => {
    throw new Problem(0, 'unreachable', String(error))
  })
  if (!response.ok) throw new Problem(response.status, 'payload_missing', cid)
  return new Uint8Array(await response.arrayBuffer())
}

/** Pins a file where everybody can read it who knows its CID; the CID. */
export async function pin(file: Blob): Promise<string> {
  const headers = { 'content-type': 'application/octet-stream' }
  const sent = { body: file as unknown as string, bodySerializer: (body: unknown) => body as Blob, headers }
  return (await data(api.POST('/v1/payloads', sent))).cid
}
