// Subscribers watch more than the quota allows to read: the gateway never exceeds the quota, reads everything in turn,
// and answers other queries at once.

import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { startTestGateway, type TestGateway } from '../harness.ts';
import { review, subscribeTo } from './subscriber.ts';

let gateway: TestGateway;
afterEach(() => gateway.stop());

test('the gateway watches a thousand Partoo invitations within the quota, and no query starves', async () => {
  gateway = await startTestGateway({
    sandbox: { partoo: { latencyMs: 20, quota: [{ limit: 200, windowMs: 2_000 }] } },
    environment: { PARTOO_QUOTA: '180/2s' },
  });
  const { sandbox, origin, query } = gateway;
  const put = (invitation_id: string) => sandbox.partoo.put({ invitation_id, status: 'SENT' });
  const watched = Array.from({ length: 1_000 }, (_, n) => `watched-${n}`);
  watched.forEach(put);
  const streams = Array.from({ length: 10 }, (_, n) =>
    subscribeTo(origin, watched.slice(n * 100, (n + 1) * 100).map(review)),
  );

  const waits: number[] = [];
  for (let n = 0; n < 20; n++) {
    put(`asked-${n}`);
    const startedAt = performance.now();
    const { data, errors } = await query(`{ reviewInvitation(invitationId: "asked-${n}") { status isStale } }`);
    waits.push(performance.now() - startedAt);
    expect({ data, errors }).toEqual({ data: { reviewInvitation: { status: 'PENDING', isStale: false } } });
    await sleep(200);
  }

  const shown = streams.flatMap(({ events }) => events.flatMap(({ invitation }) => invitation?.invitationId ?? []));
  expect(new Set(shown).size).toBeGreaterThan(250);
  expect(sandbox.partoo.calls.filter(({ status }) => status === 429)).toEqual([]);
  // Within the deadline of a read by far; the callers' share of the quota is a tenth, nine calls a second.
  expect(Math.max(...waits)).toBeLessThan(2_000);
});
