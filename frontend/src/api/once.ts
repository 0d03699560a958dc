// One idempotency key for each thing that a person does: what is sent again because its answer was lost creates nothing
// a second time (docs/gateway.md, "Sent twice, done once").
import type { Middleware } from 'openapi-fetch'

const HEADER = 'Idempotency-Key'
const MOST = 100

/** Requests whose answer is not known yet, and the keys that they went with; the oldest are forgotten first. */
const open = new Map<string, string>()

/** Random in pages without TLS too, where `crypto.randomUUID` is not there. */
function fresh(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** What is asked, word for word; undefined for files, which have one name however often they are pinned. */
async function asked(request: Request): Promise<string | undefined> {
  const type = request.headers.get('content-type') ?? ''
  if (request.method !== 'POST' || (type !== '' && !type.includes('json'))) return undefined
  return `${request.url}\n${await request.clone().text()}`
}

export const onceEach: Middleware = {
  async onRequest({ request }) {
    const what = await asked(request)
    if (what === undefined) return undefined
    const key = open.get(what) ?? fresh()
    open.delete(what)
    open.set(what, key)
    for (const oldest of open.keys()) {
      if (open.size <= MOST) break
      open.delete(oldest)
    }
    request.headers.set(HEADER, key)
    return request
  },
  /** An answer ends it: the same again is another action. Of a gateway in trouble nobody knows what it did. */
  onResponse({ request, response }) {
    const key = request.headers.get(HEADER)
    if (key === null || response.status >= 500) return
    for (const [what, kept] of open) if (kept === key) open.delete(what)
  },
}
