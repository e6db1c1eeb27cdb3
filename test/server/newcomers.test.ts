// Callers of one address each beside one that wants everything, through a whole gateway with the provider's real quota.

import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { startTestGateway } from '../harness.ts';

const WANTED = 10_000;
const PAGE = 'query($refs: [InvitationRef!]!) { invitations(refs: $refs) { id } }';
const ONE = 'query($id: ID!) { reviewInvitation(invitationId: $id) { status } }';

test('ten newcomers have their answers within a second beside one caller that asks for 10,000 invitations', async () => {
  const gateway = await startTestGateway({
    sandbox: { partoo: { latencyMs: 20 } },
    // What one caller may ask for is another bound: without it there is but the quota.
    environment: { TRUSTED_PROXIES: '127.0.0.1', PARTOO_QUOTA: '270/60s', CALLER_RATE: '100000/60s' },
  });
  onTestFinished(() => gateway.stop());
  for (let n = 0; n < WANTED; n++) gateway.sandbox.partoo.put({ invitation_id: `wanted-${n}`, status: 'SENT' });

  async function ask(address: string, query: string, variables: object) {
    const response = await fetch(`${gateway.origin}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-forwarded-for': address },
      body: JSON.stringify({ query, variables }),
    });
    // biome-ignore lint/suspicious/noExplicitAny: each caller reads what its query asked for
    return (await response.json()) as any;
  }

  let isOver = false;
  onTestFinished(() => {
    isOver = true;
  });
  /** Page after page, and what was refused again. */
  async function wantAll(from: number, to: number): Promise<void> {
    for (let n = from; n < to && !isOver; n += 100) {
      const refs = Array.from({ length: 100 }, (_, m) => ({ reviewInvitation: { invitationId: `wanted-${n + m}` } }));
      const { data } = await ask('192.0.2.1', PAGE, { refs });
      if (!data.invitations.includes(null)) continue;
      n -= 100;
      await sleep(100);
    }
  }
  const wanting = Array.from({ length: 10 }, (_, n) => wantAll(n * 1_000, (n + 1) * 1_000));

  for (const moment of [50, 200, 1_000, 4_000]) {
    await sleep(moment);
    const answers = await Promise.all(
      Array.from({ length: 10 }, async (_, n) => {
        const from = performance.now();
        // A new address, and an invitation that the gateway does not have at hand, each time.
        const id = `new-${n}-${moment}`;
        gateway.sandbox.partoo.put({ invitation_id: id, status: 'DELIVERED' });
        const answer = await ask(`198.51.${moment % 250}.${n}`, ONE, { id });
        return { answer, ms: performance.now() - from };
      }),
    );
    for (const { answer, ms } of answers) {
      expect(answer).toEqual({ data: { reviewInvitation: { status: 'DELIVERED' } } });
      expect(ms).toBeLessThanOrEqual(1_000);
    }
  }
  isOver = true;
  await Promise.all(wanting);
});
