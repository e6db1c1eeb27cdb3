// Many callers, one invitation, over real HTTP: what the provider is asked, and what each caller gets.

import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { Environment } from '../../src/settings.ts';
import { startTestGateway } from '../harness.ts';

/** A gateway whose Partoo answers at once, but for the invitations that begin with `slow`: those when the test says so. */
async function startWithSlow(environment: Environment = {}) {
  const ids: string[] = [];
  const held: { id: string; response: ServerResponse }[] = [];
  const closed: string[] = [];
  let status = 'SENT';
  const server = createServer((request, response) => {
    const id = new URL(request.url ?? '', 'http://partoo').searchParams.get('invitation_id') ?? '';
    ids.push(id);
    response.once('close', () => {
      if (!response.writableFinished) closed.push(id);
    });
    if (id.startsWith('slow')) held.push({ id, response });
    else response.end(JSON.stringify({ invitation_id: id, status }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const gateway = await startTestGateway({
    environment: { PARTOO_BASE_URL: `http://127.0.0.1:${port}/v2`, PARTOO_QUOTA: '10000/60s', ...environment },
  });
  onTestFinished(async () => {
    server.close();
    server.closeAllConnections();
    await gateway.stop();
  });
  return {
    gateway,
    ids,
    closed,
    held,
    answer(newStatus = 'SENT') {
      status = newStatus;
      for (const { id, response } of held.splice(0)) response.end(JSON.stringify({ invitation_id: id, status }));
    },
    calls: (id: string) => ids.filter((one) => one === id).length,
  };
}

const until = (condition: () => boolean) => vi.waitUntil(condition, { interval: 5 });

// The second field, of the caller's own, shows the provider's side that the caller has come.
const READ = `query ($id: ID!, $own: ID!) {
  shared: reviewInvitation(invitationId: $id) { deliveryStatus isStale }
  own: reviewInvitation(invitationId: $own) { invitationId }
}`;

test('a hundred callers ask for one invitation at once and the first one leaves: one call, ninety-nine answers', async () => {
  const { gateway, calls, ids, closed, answer } = await startWithSlow();
  const leaving = new AbortController();
  const first = gateway
    .query(READ, { id: 'slow', own: 'first' }, { signal: leaving.signal })
    .catch((error: Error) => error.name);
  await until(() => calls('slow') === 1);
  const others = Array.from({ length: 99 }, (_, n) => gateway.query(READ, { id: 'slow', own: `own-${n}` }));
  await until(() => ids.filter((id) => id.startsWith('own-')).length === 99);
  leaving.abort();
  expect(await first).toBe('AbortError');
  // One more, who comes after the first has left.
  const late = gateway.query(READ, { id: 'slow', own: 'late' });
  await until(() => calls('late') === 1);
  expect([calls('slow'), closed]).toEqual([1, []]);
  answer();
  for (const { data, errors } of await Promise.all([...others, late])) {
    expect(errors).toBeUndefined();
    expect(data.shared).toEqual({ deliveryStatus: 'SENT', isStale: false });
  }
  expect(calls('slow')).toBe(1);
});

test('a slow read is cancelled when its last caller leaves, and the next caller starts a new one', async () => {
  const { gateway, calls, closed, answer } = await startWithSlow();
  const leaving = [new AbortController(), new AbortController()];
  const left = leaving.map(({ signal }, n) =>
    gateway.query(READ, { id: 'slow', own: `own-${n}` }, { signal }).catch((error: Error) => error.name),
  );
  await until(() => calls('own-0') + calls('own-1') === 2 && calls('slow') === 1);
  leaving[0]?.abort();
  await left[0];
  // The gateway has noticed that before it answers these callers.
  await gateway.query('{ reviewInvitation(invitationId: "meanwhile") { id } }');
  expect(closed).toEqual([]);
  leaving[1]?.abort();
  await until(() => closed.includes('slow'));

  const next = gateway.query(READ, { id: 'slow', own: 'next' });
  await until(() => calls('slow') === 2);
  answer();
  expect((await next).data.shared).toEqual({ deliveryStatus: 'SENT', isStale: false });
});

test('five hundred callers at the moment of expiry get five hundred answers for one read', async () => {
  const { gateway, calls, held, answer } = await startWithSlow({ FRESH_SECONDS: '0.05' });
  const query = '{ reviewInvitation(invitationId: "slow") { deliveryStatus isStale observedAt } }';
  const first = gateway.query(query);
  await until(() => held.length === 1);
  answer('CREATED');
  const { observedAt } = (await first).data.reviewInvitation;
  const remaining = async () =>
    (await gateway.query('{ providers { provider quota { remaining } } }')).data.providers.find(
      ({ provider }: { provider: string }) => provider === 'PARTOO',
    ).quota.remaining;
  const before = await remaining();
  await until(() => Date.now() - Date.parse(observedAt) > 100);

  const answers = await Promise.all(Array.from({ length: 500 }, () => gateway.query(query)));
  expect(calls('slow')).toBe(2);
  const given = answers.map(({ data }) => data.reviewInvitation);
  expect(given).toEqual(given.map(() => ({ deliveryStatus: 'CREATED', isStale: false, observedAt })));
  answer('SENT');
  await until(() => held.length === 0);
  // What is written over 20 ms after it was paid for, as such a crowd may make it, is paid for again.
  expect([1, 2]).toContain(before - (await remaining()));
  expect(calls('slow')).toBe(2);
  await vi.waitFor(async () => {
    expect((await gateway.query(query)).data.reviewInvitation.deliveryStatus).toBe('SENT');
  });
});

test('five hundred callers ask for one that was never seen: one call', async () => {
  const { gateway, calls, held, answer } = await startWithSlow();
  const query = '{ reviewInvitation(invitationId: "slow") { deliveryStatus } }';
  const asked = Array.from({ length: 500 }, () => gateway.query(query));
  await until(() => held.length === 1);
  answer();
  const answers = await Promise.all(asked);
  expect(answers.every(({ data }) => data.reviewInvitation.deliveryStatus === 'SENT')).toBe(true);
  expect(calls('slow')).toBe(1);
});
