// A caller that sends `maxAgeSeconds: 0` while a read of the same invitation is in flight, over real HTTP: what was asked
// before it asked is no answer to it.

import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test, vi } from 'vitest';
import { startTestGateway } from '../harness.ts';

const READ = `query ($maxAge: Int) {
  reviewInvitation(invitationId: "one", maxAgeSeconds: $maxAge) { deliveryStatus isStale }
}`;

/** A gateway whose Partoo keeps its calls until the test answers them. */
async function startHolding() {
  const calls: ServerResponse[] = [];
  const server = createServer((_, response) => void calls.push(response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const gateway = await startTestGateway({ environment: { PARTOO_BASE_URL: `http://127.0.0.1:${port}/v2` } });
  onTestFinished(async () => {
    await gateway.stop();
    server.closeAllConnections();
    server.close();
  });
  return {
    called: (count: number) => vi.waitUntil(() => calls.length >= count, { interval: 5 }),
    /** @param status null where there is no such invitation. */
    answer(call: number, status: string | null) {
      calls[call]?.writeHead(status === null ? 404 : 200).end(JSON.stringify(status === null ? {} : { status }));
    },
    async ask(maxAge?: number) {
      const { data, errors } = await gateway.query(READ, { maxAge });
      expect(errors).toBeUndefined();
      return data.reviewInvitation;
    },
  };
}

const answered = (status: string | null) => status && { deliveryStatus: status, isStale: false };

test.each([
  ['SENT', 'DELIVERED'],
  [null, 'SENT'],
  ['SENT', null],
])(
  'the newest is that of a read that began after the question: %s was on its way, and %s is given',
  async (before, after) => {
    const { ask, answer, called } = await startHolding();
    const first = ask();
    await called(1);
    // The second call is made though the first one is not answered yet, so that they are in flight together. (Where one
    // has ended, the next caller's is another one anyway.)
    const newest = ask(0);
    await called(2);
    answer(1, after);
    expect(await newest).toEqual(answered(after));
    answer(0, before);
    expect(await first).toEqual(answered(before));
    // The older answer, which came later, has not replaced the newer one.
    expect(await ask()).toEqual(answered(after));
  },
);
