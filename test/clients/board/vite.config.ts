// The pages with Vite, the types of their documents, and the backend that gives them tokens.

import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';
import { invitationTokens } from './backend.ts';
import codegen from './codegen.ts';
import { documentTypes } from './document-types.ts';

const BOARD = dirname(fileURLToPath(import.meta.url));
const pages = readdirSync(BOARD).filter((name) => name.endsWith('.html'));

export default defineConfig({
  plugins: [documentTypes(codegen), invitationTokens(process.env.AUTH_JWT_SECRET)],
  server: { host: '127.0.0.1', port: 5173, strictPort: true },
  build: { rolldownOptions: { input: pages.map((name) => join(BOARD, name)) } },
});
