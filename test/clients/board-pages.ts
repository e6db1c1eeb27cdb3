// The pages of the board as they are deployed: built for a gateway, and served with a backend that signs tokens.

import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build, preview } from 'vite';
import { SECRET } from '../server/bearer.ts';
import { invitationTokens } from './board/backend.ts';

const CLIENTS = fileURLToPath(new URL('.', import.meta.url));
const BOARD = join(CLIENTS, 'board');

export interface BoardPages {
  readonly origin: string;
  stop(): Promise<void>;
}

/** @param seconds How long a token is good for. */
export async function serveBoard(gateway: string, port: number, seconds: number): Promise<BoardPages> {
  const outDir = await mkdtemp(join(tmpdir(), 'board-'));
  await promisify(execFile)('npm', ['run', 'types'], { cwd: CLIENTS });
  await build({
    configFile: false,
    root: BOARD,
    logLevel: 'warn',
    define: { 'import.meta.env.VITE_GATEWAY': JSON.stringify(`${gateway}/graphql`) },
    build: { outDir, rolldownOptions: { input: ['index.html', 'urql.html'].map((page) => join(BOARD, page)) } },
  });
  const server = await preview({
    configFile: false,
    root: BOARD,
    logLevel: 'warn',
    build: { outDir },
    plugins: [invitationTokens(SECRET, seconds)],
    preview: { host: '127.0.0.1', port, strictPort: true },
  });
  return {
    origin: `http://127.0.0.1:${port}`,
    async stop() {
      await server.close();
      await rm(outDir, { recursive: true });
    },
  };
}
