// What a provider's answers are, and what the caller gets: a row of the plan's table a test. Statuses and bodies that
// need no connection of their own are in the contract suite.

import { gzipSync } from 'node:zlib';
import { expect } from 'vitest';
import { test } from './faulty.ts';
import { answerWith } from './proxy.ts';

const KILOBYTE = 1024;
const MEGABYTE = 1024 * KILOBYTE;

test.concurrent.for(['<html>Sorry</html>', '', 'null', '[]', '{"status":'])(
  '200 with %j: PROVIDER_BAD_RESPONSE, not retried and not kept, and what was known stays known',
  async (body, { start }) => {
    const { partoo, review } = await start();
    expect(await review('review-sent')).toBe('SENT');
    partoo.break(answerWith(body));
    expect(await review('review-sent', 0)).toBe('PROVIDER_BAD_RESPONSE');
    expect(await review('review-delivered')).toBe('PROVIDER_BAD_RESPONSE');
    expect(partoo.requests).toHaveLength(3);
    expect(await review('review-sent')).toBe('SENT');
    expect(partoo.requests).toHaveLength(3);
    partoo.break(undefined);
    expect(await review('review-delivered')).toBe('DELIVERED');
  },
);

test.concurrent('an answer about another id than the requested one gives PROVIDER_BAD_RESPONSE, and is not kept', async ({
  start,
}) => {
  const { partoo, cronofy, review, invite } = await start();
  partoo.break(answerWith('{"invitation_id":"review-created","status":"DELIVERED"}'));
  cronofy.break(
    answerWith(
      '{"smart_invite_id":"invite-pending","recipient":{"email":"a@example.com","status":"declined"},"event":{"start":"2099-01-01","end":"2099-01-02"}}',
    ),
  );
  expect(await review('review-sent')).toBe('PROVIDER_BAD_RESPONSE');
  expect(await invite('invite-accepted')).toBe('PROVIDER_BAD_RESPONSE');
  expect([partoo.requests.length, cronofy.requests.length]).toEqual([1, 1]);
  partoo.break(undefined);
  cronofy.break(undefined);
  expect(await Promise.all([review('review-sent'), review('review-created')])).toEqual(['SENT', 'CREATED']);
  expect(await Promise.all([invite('invite-accepted'), invite('invite-pending')])).toEqual(['ACCEPTED', 'PENDING']);
});

test.concurrent('a field of the wrong type in one answer fails that invitation, and its siblings succeed', async ({
  start,
}) => {
  const { gateway, query } = await start();
  gateway.sandbox.partoo.misbehave({ body: '{"status":{"is":"SENT"}}', match: 'review-created' });
  const { data, errors } = await query(
    `{ invitations(refs: [
      { reviewInvitation: { invitationId: "review-sent" } }
      { reviewInvitation: { invitationId: "review-created" } }
      { smartInvite: { smartInviteId: "board-meeting" } }
    ]) { status } }`,
  );
  expect(data.invitations).toEqual([{ status: 'PENDING' }, null, { status: 'DECLINED' }]);
  expect(errors).toMatchObject([{ path: ['invitations', 1], extensions: { code: 'PROVIDER_BAD_RESPONSE' } }]);
});

test.concurrent('one reply of many in a wrong shape: the others are given, and the log says how many, not whose', async ({
  start,
}) => {
  const { gateway, query } = await start();
  const wire = {
    smart_invite_id: 'invite-pending',
    recipient: { email: 'invite-pending@example.com', status: 'pending' },
    replies: [{ status: 'accepted' }, { email: 'odd@example.com', status: 42 }, { email: 'even@example.com' }],
    event: { start: '2099-01-01', end: '2099-01-02' },
  };
  gateway.sandbox.cronofy.misbehave({ body: JSON.stringify(wire) });
  const READ = '{ smartInvite(smartInviteId: "invite-pending", maxAgeSeconds: 0) { replies { email status } } }';
  for (let n = 0; n < 5; n++) {
    const { data, errors } = await query(READ);
    expect(errors).toBeUndefined();
    expect(data.smartInvite.replies).toEqual([
      { email: 'odd@example.com', status: 'UNKNOWN' },
      { email: 'even@example.com', status: 'UNKNOWN' },
    ]);
  }
  const lines = gateway.log.filter((line) => line.includes('another shape'));
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([{ level: 40, provider: 'CRONOFY', count: 2 }]);
  expect(gateway.log.join()).not.toContain('@example.com');
});

test.concurrent('a huge body: cut at the cap, also one without an end', async ({ start }) => {
  const { partoo, gateway, review } = await start();
  const huge = `{"status":"SENT","more":"${'x'.repeat(50 * MEGABYTE)}"}`;
  partoo.break(answerWith(huge));
  for (let n = 0; n < 3; n++) expect(await review(`huge-${n}`)).toBe('PROVIDER_BAD_RESPONSE');
  // A cap of 256 KiB, and what lay in the buffers of the system.
  expect(partoo.requests).toHaveLength(3);
  partoo.break(undefined);
  const before = partoo.bytesSent;
  gateway.sandbox.partoo.misbehave({ mode: 'endless' });
  for (let n = 0; n < 5; n++) expect(await review(`endless-${n}`)).toBe('PROVIDER_BAD_RESPONSE');
  expect(partoo.requests).toHaveLength(8);
  expect(partoo.bytesSent - before).toBeLessThan(5 * 8 * MEGABYTE);
});

test.concurrent('a body of exactly the size limit is read, and one with a byte more is refused', async ({ start }) => {
  const { partoo, review } = await start();
  const body = (bytes: number) => `{"status":"SENT","more":"${'x'.repeat(bytes - 27)}"}`;
  expect(body(100)).toHaveLength(100);
  partoo.break(answerWith(body(256 * KILOBYTE)));
  expect(await review('at-the-cap')).toBe('SENT');
  partoo.break(answerWith(body(256 * KILOBYTE + 1)));
  expect(await review('beyond-the-cap')).toBe('PROVIDER_BAD_RESPONSE');
});

test.concurrent('a compressed body that was not requested gives PROVIDER_BAD_RESPONSE', async ({ start }) => {
  const { partoo, review } = await start();
  partoo.break(answerWith(gzipSync('{"status":"SENT"}'), { 'content-encoding': 'gzip' }));
  expect(await review('review-sent')).toBe('PROVIDER_BAD_RESPONSE');
});
