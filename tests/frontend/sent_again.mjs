// The web app's own client against a gateway that loses answers; built from src/api/client.ts. Prints what arrived.
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { tmpdir } from 'node:os'
import { pathToFileURL } from 'node:url'

const frontend = process.argv[2]
const input = process.argv[3]
const { rolldown } = await import(pathToFileURL(createRequire(join(frontend, 'package.json')).resolve('rolldown')))
const folder = mkdtempSync(join(tmpdir(), 'piecework-'))
const arrived = []
const answers = []
const server = createServer((request, response) => {
  request.resume()
  request.on('end', () => {
    arrived.push([request.method, request.url, request.headers['idempotency-key'] ?? null])
    const status = answers.shift() ?? 201
    if (status === 0) return request.socket.destroy()
    response.writeHead(status, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ code: 'said', detail: 'said' }))
  })
})
await new Promise((ready) => server.listen(0, '127.0.0.1', ready))
const base = `http://127.0.0.1:${server.address().port}`
const Absolute = globalThis.Request
globalThis.Request = class extends Absolute {
  constructor(what, init) {
    super(typeof what === 'string' && what.startsWith('/') ? base + what : what, init)
  }
}
try {
  const built = await rolldown({ input: input.startsWith('/') ? input : join(frontend, input), platform: 'node' })
  await built.write({ dir: folder, entryFileNames: 'client.mjs' })
  const { api, Problem } = await import(pathToFileURL(join(folder, 'client.mjs')))
  const make = async (name, status) => {
    if (status !== undefined) answers.push(status)
    const body = { name, kind: 'pool' }
    return api.POST('/v1/lists', { body }).then(
      () => 'done',
      (error) => (error instanceof Problem ? error.status : String(error)),
    )
  }
  const said = []
  for (const status of [0, 503, 201, 201, 409, 201]) said.push(await make('first', status))
  said.push(await make('second', 201))
  said.push(...(await Promise.all([make('twice'), make('twice')])))
  await api.GET('/v1/lists').catch(() => undefined)
  process.stdout.write(JSON.stringify({ said, arrived }))
} finally {
  server.close()
  server.closeAllConnections()
  rmSync(folder, { recursive: true })
}
