// Runs the web app's own check of answers on the cases of its standard input; built from src/answers/fault.ts.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { tmpdir } from 'node:os'
import { pathToFileURL } from 'node:url'

const frontend = process.argv[2]
const { rolldown } = await import(pathToFileURL(createRequire(join(frontend, 'package.json')).resolve('rolldown')))
const folder = mkdtempSync(join(tmpdir(), 'piecework-'))
try {
  const built = await rolldown({ input: join(frontend, 'src/answers/fault.ts'), platform: 'node' })
  await built.write({ dir: folder, entryFileNames: 'fault.mjs' })
  const { faultOf } = await import(pathToFileURL(join(folder, 'fault.mjs')))
  const cases = JSON.parse(readFileSync(0, 'utf8'))
  const found = cases.map(({ type, schema, content, answer }) => faultOf(type, schema, content, answer)?.code ?? null)
  process.stdout.write(JSON.stringify(found))
} finally {
  rmSync(folder, { recursive: true })
}
