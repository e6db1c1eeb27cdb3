// The sandbox's invitations move on after they were first read, as real ones do: most soon, some late, some never.

import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { CRONOFY_CLIENT_SECRET, startCronofy } from '../../src/sandbox/cronofy.ts';
import { PARTOO_API_KEY, startPartoo } from '../../src/sandbox/partoo.ts';

const HOUR = 3_600;
let at: number;
beforeEach(() => {
  at = Date.now();
  vi.spyOn(Date, 'now').mockImplementation(() => at);
});
afterEach(() => vi.restoreAllMocks());

/** What each gives at so many seconds after it was first read, which is an hour after the start. */
async function follow(read: (n: number) => Promise<string>, count: number) {
  at += HOUR * 1_000;
  const numbers = Array.from({ length: count }, (_, n) => n + 1);
  const first = await Promise.all(numbers.map(read));
  const begin = at;
  return {
    first,
    after: async (seconds: number) => {
      at = begin + seconds * 1_000;
      return Promise.all(numbers.map(read));
    },
  };
}

test('review invitations', async () => {
  const partoo = await startPartoo({ latencyMs: 0, quota: [] });
  const { first, after } = await follow(async (n) => {
    const url = `${partoo.origin}/v2/review_booster/invitation_status?invitation_id=review-moving-${n}`;
    return (await (await fetch(url, { headers: { 'x-APIKey': PARTOO_API_KEY } })).json()).status;
  }, 8);
  expect(new Set(first)).toEqual(new Set(['CREATED']));
  const open = async (seconds: number) => (await after(seconds)).filter((status) => status === 'SENT').length;
  expect([await open(30), await open(90), await open(600), await open(HOUR)]).toEqual([5, 3, 2, 1]);
  await partoo.stop();
});

test('Smart Invites', async () => {
  const cronofy = await startCronofy({ latencyMs: 0, quota: [] });
  const { first, after } = await follow(async (n) => {
    const url = `${cronofy.origin}/v1/smart_invites?smart_invite_id=invite-moving-${n}&recipient_email=invite-moving-${n}@example.com`;
    const response = await fetch(url, { headers: { authorization: `Bearer ${CRONOFY_CLIENT_SECRET}` } });
    return (await response.json()).recipient.status;
  }, 6);
  expect(new Set(first)).toEqual(new Set(['pending']));
  const open = async (seconds: number) => (await after(seconds)).filter((status) => status === 'pending').length;
  expect([await open(30), await open(60), await open(HOUR)]).toEqual([3, 2, 1]);
  expect(await after(2 * HOUR)).toEqual(['accepted', 'declined', 'accepted', 'declined', 'accepted', 'pending']);
  await cronofy.stop();
});
