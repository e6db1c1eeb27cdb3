// The pages of the board as they are deployed: built for a gateway, and served with a backend that signs tokens.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, preview } from 'vite';
import type { Environment } from '../../src/settings.ts';
import { SECRET } from '../access/tokens.ts';
import { freePort } from '../free-port.ts';
import { startTestGateway, type TestGateway } from '../harness.ts';
import { invitationTokens } from './board/backend.ts';

const BOARD = fileURLToPath(new URL('board/', import.meta.url));

export interface Board {
  readonly gateway: TestGateway;
  /** Of the pages. */
  readonly origin: string;
  stop(): Promise<void>;
}

/** @param tokenSeconds How long a token is good for. */
export async function startBoard(tokenSeconds: number, environment: Environment = {}): Promise<Board> {
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const gateway = await startTestGateway({
    environment: { AUTH_JWT_SECRET: SECRET, CORS_ORIGINS: origin, ...environment },
  });
  const stopPages = await startPages(port, gateway.origin, tokenSeconds);
  return {
    gateway,
    origin,
    async stop() {
      await stopPages();
      await gateway.stop();
    },
  };
}

/** The pages alone, at that port. @returns what ends them. */
export async function startPages(port: number, gateway: string, tokenSeconds: number): Promise<() => Promise<void>> {
  const outDir = await mkdtemp(join(tmpdir(), 'board-'));
  await build({
    configFile: join(BOARD, 'vite.config.ts'),
    root: BOARD,
    logLevel: 'error',
    define: { 'import.meta.env.VITE_GATEWAY': JSON.stringify(`${gateway}/graphql`) },
    build: { outDir },
  });
  const server = await preview({
    configFile: false,
    root: BOARD,
    logLevel: 'error',
    build: { outDir },
    plugins: [invitationTokens(SECRET, tokenSeconds)],
    preview: { host: '127.0.0.1', port, strictPort: true },
  });
  return async () => {
    await server.close();
    await rm(outDir, { recursive: true });
  };
}
