// Keys of an identity provider, and the gateway's set of them, which fetches them from a server.

import { onTestFinished, vi } from 'vitest';
import { createKeySet } from '../../src/access/keys.ts';
import { fetchDocument } from '../../src/upstream/document.ts';
import { startAdmission } from './admitting.ts';
import type { KeyServer } from './key-server.ts';
import { createSigningKey } from './tokens.ts';

export const [one, two] = await Promise.all([createSigningKey('one'), createSigningKey('two', 'RS256')]);
export const edwards = await createSigningKey('edwards', 'EdDSA');

export const admissionOf = (server: KeyServer) => startAdmission({ authority: { jwksUrl: server.url } });

/** A set whose clock the test sets, and which fetches from the server. */
export function keySet(server: KeyServer, staleMs = 86_400_000) {
  let at = 0;
  const changes = vi.fn();
  const troubles: boolean[] = [];
  const fetch = () => fetchDocument({ url: server.url, timeoutMs: 300, maxBytes: 64 * 1024, proxy: undefined });
  const set = createKeySet({
    fetch,
    staleMs,
    onGone: changes,
    onTrouble: (isDown) => void troubles.push(isDown),
    now: () => at,
  });
  onTestFinished(set.stop);
  return {
    set,
    changes,
    troubles,
    pass: (ms: number) => {
      at += ms;
    },
    count: async (alg: string, kid?: string) => (await set.find(alg, kid)).length,
  };
}
