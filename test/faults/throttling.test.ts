// A provider answers 429: the gate closes for that account, and callers get the time to retry, or a known answer.

import { expect, vi } from 'vitest';
import { test } from './faulty.ts';

const inHalfAMinute = () => new Date(Date.now() + 30_000).toUTCString();

test.concurrent.for<[what: string, header: () => Record<string, string>, seconds: number]>([
  ['60', () => ({ 'retry-after': '60' }), 60],
  ['an HTTP date', () => ({ 'retry-after': inHalfAMinute() }), 30],
  ['-1', () => ({ 'retry-after': '-1' }), 10],
  ['abc', () => ({ 'retry-after': 'abc' }), 10],
  ['10^9', () => ({ 'retry-after': '1000000000' }), 300],
  ['nothing', () => ({}), 10],
])('429 with a Retry-After of %s: the gate is closed', async ([, headers, seconds], { start }) => {
  const { gateway, partoo, query, review, invite, staysThrottled } = await start({
    FRESH_SECONDS: '0',
    REVALIDATE_SECONDS: '0',
  });
  staysThrottled();
  expect(await review('review-sent')).toBe('SENT');
  gateway.sandbox.partoo.misbehave({ status: 429, headers: headers() });
  const ask = async (id: string) => {
    const { errors } = await query('query ($id: ID!) { reviewInvitation(invitationId: $id) { id } }', { id });
    return errors?.[0]?.extensions ?? {};
  };
  const first = await ask('one');
  expect(first).toMatchObject({ code: 'PROVIDER_RATE_LIMITED', provider: 'PARTOO', retryable: true });
  expect(partoo.requests).toHaveLength(2);
  gateway.sandbox.partoo.misbehave(undefined);

  // The provider is not called meanwhile, for any caller.
  for (const extensions of [first, ...(await Promise.all(['one', 'two', 'three'].map(ask)))]) {
    expect(extensions.code).toBe('PROVIDER_RATE_LIMITED');
    expect(extensions.retryAfterSeconds).toBeLessThanOrEqual(seconds);
    expect(extensions.retryAfterSeconds).toBeGreaterThan(seconds - 5);
  }
  // A known answer is given as stale; the other provider is not affected.
  expect(await review('review-sent')).toBe('SENT stale');
  expect(await review('review-sent', 0)).toBe('SENT stale');
  expect(await invite('board-meeting')).toBe('DECLINED');
  expect(partoo.requests).toHaveLength(2);
  const [, status] = (await query('{ providers { provider circuit quota { remaining } } }')).data.providers;
  expect(status).toEqual({ provider: 'PARTOO', circuit: 'CLOSED', quota: { remaining: 0 } });
});

test.concurrent('callers wait for a 429 with Retry-After: 1, and no call is made before it ends', async ({ start }) => {
  const { gateway, partoo, review, invite } = await start();
  gateway.sandbox.partoo.misbehave({ status: 429, headers: { 'retry-after': '1' }, times: 1 });
  const first = review('review-sent');
  await vi.waitUntil(() => gateway.sandbox.partoo.calls.length === 1);
  expect(await invite('board-meeting')).toBe('DECLINED');
  const others = ['review-created', 'review-delivered', 'review-failed-send'].map((id) => review(id));
  expect(await Promise.all([first, ...others])).toEqual(['SENT', 'CREATED', 'DELIVERED', 'FAILED_SEND']);
  const [refused, ...later] = partoo.requests.map(({ atMs }) => atMs);
  // Those may have been on their way before the refusal came.
  const early = later.filter((atMs) => atMs < (refused ?? 0) + 990);
  expect(early.every((atMs) => atMs < (refused ?? 0) + 100)).toBe(true);
  expect(later.length).toBe(4);
});

test.concurrent('429 to a page of invitations: the breaker stays closed, and no caller is told of a timeout', async ({
  start,
}) => {
  const { gateway, query, staysThrottled } = await start({ PARTOO_QUOTA: '10/1s' });
  staysThrottled();
  // Ten are called, and the others wait for the quota as the gate closes.
  gateway.sandbox.partoo.misbehave({ status: 429, headers: { 'retry-after': '60' }, delayMs: 200 });
  const refs = Array.from({ length: 40 }, (_, n) => ({ reviewInvitation: { invitationId: `page-${n}` } }));
  const { errors } = await query('query ($refs: [InvitationRef!]!) { invitations(refs: $refs) { id } }', { refs });
  expect(new Set(errors?.map(({ extensions }) => extensions.code))).toEqual(new Set(['PROVIDER_RATE_LIMITED']));
  const [, { circuit }] = (await query('{ providers { circuit } }')).data.providers;
  expect(circuit).toBe('CLOSED');
});

test.concurrent('callers who wait for a connection are refused at once after a 429, and their calls are never made', async ({
  start,
}) => {
  const { gateway, partoo, query, staysThrottled } = await start();
  staysThrottled();
  gateway.sandbox.partoo.misbehave({ status: 429, headers: { 'retry-after': '60' }, delayMs: 50 });
  const refs = Array.from({ length: 100 }, (_, n) => ({ reviewInvitation: { invitationId: `review-${n}` } }));
  const { errors } = await query('query ($refs: [InvitationRef!]!) { invitations(refs: $refs) { id } }', { refs });
  expect(errors?.map(({ extensions }) => extensions.code)).toEqual(refs.map(() => 'PROVIDER_RATE_LIMITED'));
  // No more than may be on their way at once; fewer where a connection was not there before the refusal.
  expect(partoo.requests.length).toBeGreaterThan(0);
  expect(partoo.requests.length).toBeLessThanOrEqual(32);
});
