// What a provider's connections do, and what the caller gets: a row of the plan's table a test.

import { expect, vi } from 'vitest';
import { type Faulty, test } from './faulty.ts';
import { closeOnSecondUse, never, reset, resetAfterHeaders, resetInMidBody, resetInMidChunk, times } from './proxy.ts';

/** Until the breaker of Partoo opens. */
async function openBreaker({ review, query }: Faulty): Promise<void> {
  const circuit = async () => (await query('{ providers { provider circuit } }')).data.providers[1].circuit;
  for (let n = 0; (await circuit()) === 'CLOSED'; n++) {
    expect(n).toBeLessThan(10);
    await Promise.all([review(`a${n}`), review(`b${n}`), review(`c${n}`), review(`d${n}`)]);
  }
  expect(await circuit()).toBe('OPEN');
}

test.concurrent('refuses connections: unavailable, and no connection once the breaker is open', async ({ start }) => {
  const faulty = await start();
  const { partoo, review, invite } = faulty;
  await partoo.refuse();
  expect(await review('one')).toBe('PROVIDER_UNAVAILABLE');
  await openBreaker(faulty);
  // The provider accepts connections again.
  await partoo.accept();
  const { connections } = partoo;
  for (let n = 0; n < 20; n++) expect(await review(`open-${n}`)).toBe('PROVIDER_UNAVAILABLE');
  expect(partoo.connections).toBe(connections);
  expect(await invite('board-meeting')).toBe('DECLINED');
});

test.concurrent('a provider that cuts every connection in use gets at most three attempts, then the breaker opens', async ({
  start,
}) => {
  const faulty = await start();
  const { partoo, review } = faulty;
  partoo.break(reset);
  expect(await review('one')).toBe('PROVIDER_UNAVAILABLE');
  expect(partoo.requests).toHaveLength(3);
  await openBreaker(faulty);
  const { connections, requests } = partoo;
  const asked = requests.length;
  expect(asked).toBeLessThanOrEqual(3 + 4 * 3);
  for (let n = 0; n < 20; n++) expect(await review(`open-${n}`)).toBe('PROVIDER_UNAVAILABLE');
  expect([partoo.connections, requests.length]).toEqual([connections, asked]);
});

test.concurrent.for([
  ['accepts and never answers', (faulty: Faulty) => faulty.partoo.break(never)],
  [
    'sends headers a byte a second',
    ({ gateway }: Faulty) => gateway.sandbox.partoo.misbehave({ mode: 'drip-headers' }),
  ],
  ['drips the body', ({ gateway }: Faulty) => gateway.sandbox.partoo.misbehave({ mode: 'drip' })],
] as const)('%s: PROVIDER_TIMEOUT inside the deadline', async ([, breakIt], { start }) => {
  const faulty = await start();
  breakIt(faulty);
  const answers = Promise.all([faulty.review('one'), faulty.review('two')]);
  const deadline = AbortSignal.timeout(10_000);
  const late = new Promise((resolve) => deadline.addEventListener('abort', () => resolve('later than ten seconds')));
  expect(await Promise.race([answers, late])).toEqual(['PROVIDER_TIMEOUT', 'PROVIDER_TIMEOUT']);
  expect(faulty.partoo.requests.length).toBeLessThanOrEqual(6);
});

test.concurrent.for([
  ['before a word', reset],
  ['after the headers', resetAfterHeaders],
  ['in mid-body', resetInMidBody],
  ['in the middle of a chunked body', resetInMidChunk],
] as const)('resets %s: one more attempt, and never half-parsed data', async ([, fault], { start }) => {
  const { partoo, review } = await start();
  partoo.break(times(1, fault));
  expect(await review('review-sent')).toBe('SENT');
  expect(partoo.requests.map(({ target }) => target.split('=')[1])).toEqual(['review-sent', 'review-sent']);
  partoo.break(fault);
  expect(await review('review-delivered')).toBe('PROVIDER_UNAVAILABLE');
  partoo.break(undefined);
  expect(await review('review-delivered')).toBe('DELIVERED');
});

test.concurrent('a provider that closes one kept-alive socket on its second use causes no error for the caller', async ({
  start,
}) => {
  const { partoo, review, query } = await start();
  partoo.break(closeOnSecondUse);
  expect(await review('review-sent')).toBe('SENT');
  expect(await review('review-delivered')).toBe('DELIVERED');
  // It was used again, and the read made anew on another.
  expect(partoo.requests.map(({ onConnection }) => onConnection)).toEqual([1, 2, 1]);
  expect((await query('{ providers { circuit } }')).data.providers[1].circuit).toBe('CLOSED');
});

test.concurrent('closes every kept-alive socket on its second use: callers do not notice', async ({ start }) => {
  const { partoo, review, query } = await start();
  partoo.break(closeOnSecondUse);
  for (let n = 0; n < 40; n++) expect(await review('review-sent', 0), `read ${n}`).toBe('SENT');
  expect((await query('{ providers { circuit } }')).data.providers[1].circuit).toBe('CLOSED');
});

test.concurrent('the gateway leaves no cancelled connection open', async ({ start }) => {
  const { partoo, gateway } = await start();
  const sockets = new Set<{ destroyed: boolean }>();
  partoo.break((client) => {
    sockets.add(client);
    return true;
  });
  const leaving = new AbortController();
  const left = gateway
    .query('{ reviewInvitation(invitationId: "one") { id } }', {}, { signal: leaving.signal })
    .catch((error: Error) => error.name);
  await vi.waitUntil(() => sockets.size === 1);
  leaving.abort();
  expect(await left).toBe('AbortError');
  await vi.waitUntil(() => [...sockets].every(({ destroyed }) => destroyed));
});
