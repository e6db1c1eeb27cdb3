// A provider that answers when a test tells it to: what is in flight is in flight for as long as the test wants.

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished, vi } from 'vitest';
import { PATIENCE_MS } from './process.ts';

export interface ProviderOnDemand {
  /** The variables that make it Partoo. */
  readonly variables: Record<string, string>;
  /** Resolves when so many calls wait for their answers. */
  asked(calls: number): Promise<void>;
  /** Answers all that wait, and from now on every call at once. */
  answer(): void;
}

/** Is gone when the test is over. */
export async function startProviderOnDemand(): Promise<ProviderOnDemand> {
  const waiting: (() => void)[] = [];
  let answersAtOnce = false;
  const server = createServer((_, response) => {
    const send = () => void response.end('{"status":"SENT"}');
    if (answersAtOnce) send();
    else waiting.push(send);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  });
  return {
    variables: {
      PARTOO_API_KEY: 'key',
      PARTOO_BASE_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v2`,
      PARTOO_QUOTA: '100000/60s',
    },
    asked: (calls) => vi.waitUntil(() => waiting.length >= calls, { timeout: PATIENCE_MS }).then(() => undefined),
    answer() {
      answersAtOnce = true;
      for (const send of waiting.splice(0)) send();
    },
  };
}
