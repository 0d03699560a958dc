import react from '@vitejs/plugin-react'
import { defineConfig } from 'vitest/config'

const gateway = process.env['PIECEWORK_GATEWAY_URL'] ?? 'http://127.0.0.1:8420'

export default defineConfig({
  plugins: [react()],
  build: { target: 'es2022', assetsInlineLimit: 0, manifest: true, reportCompressedSize: false },
  // `npm run dev` shows changes at once against a running `piecework up`.
  server: { proxy: { '/v1': gateway, '/frame.html': gateway } },
  test: { include: ['../tests/frontend/**/*.test.ts'], environment: 'node' },
})
