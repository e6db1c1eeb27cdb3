// How many tokens that are not accepted an address may send, by every door together, and whom that does not concern.

import { expect, test } from 'vitest';
import { bearer } from '../access/tokens.ts';
import { DOORS, type Outcome, POST } from './doors.ts';
import { startSigned } from './signed.ts';

/** In a minute, as README says: a burst, and then one a second. */
const LIMIT = 60;
const READ = { query: '{ reviewInvitation(invitationId: "review-sent") { status } }' };
const FORGED = bearer({}, { key: 'a-key-that-the-gateway-does-not-know-0123' });

const isLimited = ({ status }: Outcome) => status === 429 || status === 1013;

test('an address that sends more than 60 tokens that are not accepted is told to wait, by every door', async () => {
  const { origin } = await startSigned({ TRUSTED_PROXIES: '127.0.0.1' });
  const from = (address: string) => ({ 'x-forwarded-for': address });
  const [theirs, others] = [from('203.0.113.1'), from('203.0.113.2')];

  const began = performance.now();
  const outcomes: Outcome[] = [];
  for (const { ask } of Array.from({ length: 4 * LIMIT }, (_, n) => DOORS[n % DOORS.length] ?? POST)) {
    const outcome = await ask(origin, FORGED, READ, theirs);
    outcomes.push(outcome);
    if (isLimited(outcome)) break;
  }
  const accepted = outcomes.filter((outcome) => !isLimited(outcome));
  expect(new Set(accepted.map(({ status }) => status))).toEqual(new Set([401, 4401]));
  expect(accepted.length).toBeGreaterThanOrEqual(LIMIT);
  expect(accepted.length).toBeLessThanOrEqual(LIMIT + (performance.now() - began) / 1_000);

  for (const { name, isWebSocket, ask } of DOORS) {
    // One more is free each second.
    await expect.poll(async () => (await ask(origin, FORGED, READ, theirs)).status).toBe(isWebSocket ? 1013 : 429);
    expect((await ask(origin, bearer(), READ, theirs)).body, name).toEqual({
      data: { reviewInvitation: { status: 'PENDING' } },
    });
    expect((await ask(origin, FORGED, READ, others)).status, name).toBe(isWebSocket ? 4401 : 401);
  }
  await expect
    .poll(async () => {
      const { headers, body } = await POST.ask(origin, FORGED, READ, theirs);
      return [headers['retry-after'], body.errors[0].extensions];
    })
    .toEqual(['1', { code: 'RATE_LIMITED', retryable: true, retryAfterSeconds: 1 }]);
});
