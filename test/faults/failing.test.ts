// A provider fails, hangs and heals: what callers notice, and what the provider is spared.

import { setTimeout as sleep } from 'node:timers/promises';
import { expect, vi } from 'vitest';
import { test } from './faulty.ts';
import { never, times } from './proxy.ts';

test.concurrent.for([500, 502, 503, 504, 408])(
  'one answer with status %i causes no error for the caller',
  async (status, { start }) => {
    const { gateway, review, invite } = await start();
    const { partoo, cronofy } = gateway.sandbox;
    partoo.misbehave({ status, times: 1 });
    cronofy.misbehave({ status, times: 1 });
    expect(await Promise.all([review('review-sent'), invite('board-meeting')])).toEqual(['SENT', 'DECLINED']);
    expect(partoo.calls.map((call) => call.status)).toEqual([status, 200]);
    expect(cronofy.calls.map((call) => call.status)).toEqual([status, 200]);
  },
);

test.concurrent('a provider that always answers 500 gets three attempts, and the caller gets null with PROVIDER_UNAVAILABLE', async ({
  start,
}) => {
  const { gateway, query } = await start();
  gateway.sandbox.partoo.misbehave({ status: 500 });
  const { data, errors } = await query(
    '{ reviewInvitation(invitationId: "a") { id } smartInvite(smartInviteId: "board-meeting") { status } }',
  );
  expect(data).toEqual({ reviewInvitation: null, smartInvite: { status: 'DECLINED' } });
  expect(errors).toMatchObject([{ path: ['reviewInvitation'], extensions: { code: 'PROVIDER_UNAVAILABLE' } }]);
  expect(gateway.sandbox.partoo.calls).toHaveLength(3);
});

test.concurrent('a provider answers at once while the other one hangs, however many callers wait for that one', async ({
  start,
}) => {
  const { cronofy, review, invite } = await start();
  cronofy.break(never);
  let isOver = false;
  const hanging = Promise.all(Array.from({ length: 60 }, (_, n) => invite(`hangs-${n}`))).finally(() => {
    isOver = true;
  });
  await vi.waitUntil(() => cronofy.requests.length === 32);
  for (let n = 0; n < 100; n++) expect(await review('review-sent', 0)).toBe('SENT');
  expect(isOver).toBe(false);
  for (const code of await hanging) expect(code).toMatch(/^PROVIDER_(TIMEOUT|UNAVAILABLE)$/);
});

test.concurrent('one field whose read hangs leaves the other fields of the operation complete', async ({ start }) => {
  const { cronofy, query } = await start();
  cronofy.break(never);
  const { data, errors } = await query(
    '{ a: reviewInvitation(invitationId: "review-sent") { status } b: smartInvite(smartInviteId: "board-meeting") { status } }',
  );
  expect(data).toEqual({ a: { status: 'PENDING' }, b: null });
  expect(errors).toMatchObject([{ path: ['b'], extensions: { code: 'PROVIDER_TIMEOUT', provider: 'CRONOFY' } }]);
});

test.concurrent('one attempt that hangs is followed by one that succeeds', async ({ start }) => {
  const { partoo, review } = await start();
  partoo.break(times(1, never));
  expect(await review('review-sent')).toBe('SENT');
  expect(partoo.requests).toHaveLength(2);
});

test.concurrent('503 under fifty requests a second causes little load, opens the breaker, gives stale answers, and new ones after recovery', async ({
  start,
}) => {
  const { gateway, partoo: proxy, review, query } = await start({ FRESH_SECONDS: '0.1', REVALIDATE_SECONDS: '0.2' });
  const { partoo } = gateway.sandbox;
  const ids = ['review-sent', 'review-created', 'review-waiting-1', 'review-waiting-2', 'review-waiting-3'];
  for (const id of ids) expect(await review(id)).toMatch(/SENT|CREATED/);
  partoo.forgetCalls();
  partoo.misbehave({ status: 503 });
  const failingSince = performance.now();

  const given: Promise<string | null>[] = [];
  for (let n = 0; performance.now() - failingSince < 4_000; n++) {
    given.push(review(ids[n % ids.length] ?? ''));
    await sleep(20);
  }
  expect((await query('{ providers { circuit } }')).data.providers[1].circuit).toBe('OPEN');
  // Five good calls came before: as many bad ones make half of ten. Others may have been under way as it opened.
  const callsAtMs = proxy.requests.map(({ atMs }) => Math.round(atMs - failingSince)).filter((atMs) => atMs >= 0);
  expect(callsAtMs.length, `${callsAtMs}`).toBeGreaterThanOrEqual(5);
  expect(callsAtMs.length, `${callsAtMs}`).toBeLessThanOrEqual(20);
  const answers = await Promise.all(given);
  expect(answers.every((answer) => /^(SENT|CREATED)( stale)?$/.test(String(answer)))).toBe(true);
  expect(answers.slice(-50).every((answer) => answer?.endsWith(' stale'))).toBe(true);

  // Within ten seconds, which the breaker's own test shows on a clock that it sets.
  partoo.misbehave(undefined);
  await vi.waitUntil(async () => (await review('review-sent')) === 'SENT', { interval: 20 });
});

test.concurrent('a provider that has recovered is called again also where no answer was cached', async ({ start }) => {
  const { gateway, review } = await start();
  gateway.sandbox.partoo.misbehave({ status: 503 });
  for (let n = 0; n < 5; n++) expect(await review(`down-${n}`)).toBe('PROVIDER_UNAVAILABLE');
  const failed = gateway.sandbox.partoo.calls.length;
  expect(failed).toBe(10);
  gateway.sandbox.partoo.misbehave(undefined);
  expect(await review('review-sent')).toBe('PROVIDER_UNAVAILABLE');
  await vi.waitUntil(async () => (await review('review-sent')) === 'SENT', { interval: 50 });
  // One probe, and no flood behind it.
  expect(gateway.sandbox.partoo.calls.length).toBe(failed + 1);
});

test.concurrent('too many calls wait for one provider: PROVIDER_OVERLOADED for those, and for no others', async ({
  start,
}) => {
  const { gateway, query, cronofy } = await start();
  gateway.sandbox.cronofy.misbehave({ delayMs: 300 });
  const page = (name: string) =>
    query('query ($refs: [InvitationRef!]!) { invitations(refs: $refs) { id } }', {
      refs: Array.from({ length: 100 }, (_, n) => ({ smartInvite: { smartInviteId: `${name}-${n}` } })),
    });
  const pages = await Promise.all(['a', 'b', 'c', 'd'].map(page));
  const codes = pages.flatMap(({ errors = [] }) => errors.map(({ extensions }) => extensions.code));
  const overloaded = codes.filter((code) => code === 'PROVIDER_OVERLOADED').length;
  expect(overloaded).toBeGreaterThanOrEqual(100);
  expect(cronofy.requests.length).toBeLessThanOrEqual(200);
  expect(new Set(codes).has('PROVIDER_UNAVAILABLE')).toBe(false);
});
