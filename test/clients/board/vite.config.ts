// The pages with Vite, and the backend that gives them tokens.

import { defineConfig } from 'vite';
import { invitationTokens } from './backend.ts';

const secret = process.env.AUTH_JWT_SECRET;
if (secret === undefined)
  throw new Error('Set AUTH_JWT_SECRET to what the gateway is started with: it signs the tokens.');

export default defineConfig({
  plugins: [invitationTokens(secret)],
  server: { host: '127.0.0.1', port: 5173, strictPort: true },
  build: { rolldownOptions: { input: ['index.html', 'urql.html'] } },
});
