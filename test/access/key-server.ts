// The JWKS of an identity provider over real HTTP.

import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { JWK } from 'jose';
import { onTestFinished } from 'vitest';

export interface KeyServer {
  readonly url: string;
  /** How often it was asked. */
  readonly asked: () => number;
  /** What it answers from now on. */
  give(keys: readonly JWK[]): void;
  answer(how: (response: ServerResponse) => void): void;
}

export async function startKeyServer(keys: readonly JWK[] = []): Promise<KeyServer> {
  let asked = 0;
  const giving =
    (given: readonly JWK[]) =>
    (response: ServerResponse): void => {
      response.end(JSON.stringify({ keys: given }));
    };
  let respond = giving(keys);
  const server = createServer((_, response) => {
    asked += 1;
    respond(response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the key server listens on no port');
  return {
    url: `http://127.0.0.1:${address.port}/jwks`,
    asked: () => asked,
    give(given) {
      respond = giving(given);
    },
    answer(how) {
      respond = how;
    },
  };
}
