// Streams that come and go: so many at any time, each of a few invitations, left after a while by its reader.

import { setTimeout as sleep } from 'node:timers/promises';
import { Agent } from 'undici';

export interface Streams {
  /** Events that came so far. */
  readonly events: () => number;
  stop(): Promise<void>;
}

export interface StreamsOptions {
  readonly port: number;
  readonly atOnce: number;
  readonly refs: () => readonly object[];
}

const QUERY = 'subscription($refs: [InvitationRef!]!) { invitationChanged(refs: $refs) { id status isStale } }';
/** How long a reader stays, in milliseconds. */
const [SHORTEST_MS, LONGEST_MS] = [2_000, 30_000];

export function startStreams({ port, atOnce, refs }: StreamsOptions): Streams {
  const agent = new Agent({ connections: atOnce, bodyTimeout: 0 });
  const leaving = new AbortController();
  let events = 0;

  async function read(): Promise<void> {
    const staysMs = Math.round(SHORTEST_MS + Math.random() * (LONGEST_MS - SHORTEST_MS));
    const signal = AbortSignal.any([leaving.signal, AbortSignal.timeout(staysMs)]);
    const response = await agent.request({
      origin: `http://127.0.0.1:${port}`,
      method: 'POST',
      path: '/graphql',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
      body: JSON.stringify({ query: QUERY, variables: { refs: refs() } }),
      signal,
    });
    for await (const piece of response.body) events += `${piece}`.split('event: next').length - 1;
  }

  const readers = Array.from({ length: atOnce }, async () => {
    while (!leaving.signal.aborted) {
      await read().catch(() => undefined);
      await sleep(10);
    }
  });
  return {
    events: () => events,
    async stop() {
      leaving.abort();
      await agent.destroy();
      await Promise.all(readers);
    },
  };
}
