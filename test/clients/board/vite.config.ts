// The pages with Vite, and the backend that gives them tokens.

import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';
import { invitationTokens } from './backend.ts';

const pathOf = (name: string) => fileURLToPath(new URL(name, import.meta.url));

export default defineConfig({
  plugins: [invitationTokens(process.env.AUTH_JWT_SECRET)],
  server: { host: '127.0.0.1', port: 5173, strictPort: true },
  build: { rolldownOptions: { input: [pathOf('index.html'), pathOf('urql.html')] } },
});
