// A provider says more, or less, than an answer: whatever leaves for it is paid for, and at most three requests leave for
// one read.

import { expect } from 'vitest';
import { type Faulty, test } from './faulty.ts';
import { answerWith, closeOnSecondUse, type Fault, times } from './proxy.ts';

const LIMIT = 1_000;

const says =
  (head: string): Fault =>
  (client) => {
    client.write(`${head}\r\n\r\n`);
    return true;
  };
const CONTINUE = says('HTTP/1.1 100 Continue');
const SWITCHING = says('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: h2c');

/** A few are paid twice, where the process stands still between payment and request. */
async function expectAllPaid({ query, partoo }: Faulty): Promise<void> {
  const { data } = await query('{ providers { provider quota { remaining } } }');
  const paid = LIMIT - data.providers[1].quota.remaining;
  expect(paid).toBeGreaterThanOrEqual(partoo.requests.length);
  expect(paid).toBeLessThanOrEqual(partoo.requests.length * 1.5);
}

test.concurrent.for([
  ['100', CONTINUE],
  ['101', SWITCHING],
] as const)(
  '%s in answer to a GET: at most three requests leave for one read, and each is paid for',
  async ([, fault], { start }) => {
    const faulty = await start({ PARTOO_QUOTA: `${LIMIT}/60s` });
    const { partoo, review } = faulty;
    partoo.break(fault);
    expect(await review('cold')).toBe('PROVIDER_UNAVAILABLE');
    expect(partoo.requests).toHaveLength(3);
    await expectAllPaid(faulty);
    partoo.break(undefined);
    expect(await review('review-sent')).toBe('SENT');
    partoo.break(fault);
    const before = partoo.requests.length;
    expect(await review('warm')).toBe('PROVIDER_UNAVAILABLE');
    expect(partoo.requests).toHaveLength(before + 3);
    await expectAllPaid(faulty);
  },
);

test.concurrent('a kept-alive socket that is closed as it is used: the repeat is paid for, too', async ({ start }) => {
  const faulty = await start({ PARTOO_QUOTA: `${LIMIT}/60s` });
  const { partoo, review } = faulty;
  partoo.break(closeOnSecondUse);
  for (let n = 0; n < 10; n++) expect(await review('review-sent', 0)).toBe('SENT');
  expect(partoo.requests.length).toBeGreaterThan(10);
  await expectAllPaid(faulty);
});

test.concurrent('a kept-alive socket that is closed, then failures: three requests in all', async ({ start }) => {
  const faulty = await start({ PARTOO_QUOTA: `${LIMIT}/60s` });
  const { gateway, partoo, review } = faulty;
  expect(await review('review-sent')).toBe('SENT');
  gateway.sandbox.partoo.misbehave({ status: 503 });
  partoo.break(times(1, closeOnSecondUse));
  expect(await review('review-created')).toBe('PROVIDER_UNAVAILABLE');
  expect(partoo.requests).toHaveLength(1 + 3);
  await expectAllPaid(faulty);
});

test.concurrent('103 before the answer: the answer counts', async ({ start }) => {
  const { partoo, review } = await start();
  const answer = answerWith('{"status":"SENT"}');
  partoo.break((client, request) => {
    client.write('HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n');
    return answer(client, request);
  });
  expect(await review('review-sent')).toBe('SENT');
  expect(partoo.requests).toHaveLength(1);
});

test.concurrent.for(['\ufeff{"status":"SENT"}', '{"status":"SENT"}'])('%j is read', async (body, { start }) => {
  const { partoo, review } = await start();
  partoo.break(answerWith(body));
  expect(await review('review-sent')).toBe('SENT');
});

test.concurrent('a connection that the provider ends with its answer is not paid for twice', async ({ start }) => {
  const faulty = await start({ PARTOO_QUOTA: `${LIMIT}/60s` });
  const { partoo, query } = faulty;
  partoo.break(answerWith('{"status":"SENT"}', { connection: 'close' }));
  const refs = Array.from({ length: 60 }, (_, n) => ({ reviewInvitation: { invitationId: `closing-${n}` } }));
  const { errors } = await query('query ($refs: [InvitationRef!]!) { invitations(refs: $refs) { id } }', { refs });
  expect(errors).toBeUndefined();
  expect(partoo.requests).toHaveLength(60);
  await expectAllPaid(faulty);
});
