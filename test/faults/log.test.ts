// What the log says of a provider that cannot be called: which kind of trouble, when it begins and when it is over, and
// no place, secret or address. Callers are told that it is unavailable, whatever the kind.

import { expect, vi } from 'vitest';
import { type Faulty, test } from './faulty.ts';
import { answerWith, never, reset } from './proxy.ts';
import { FAIL, troublesIn } from './troubles.ts';

test.concurrent.for<[string, (faulty: Faulty) => unknown, string, string]>([
  ['refuses connections', ({ partoo }) => partoo.refuse(), 'PROVIDER_UNAVAILABLE', 'connect ECONNREFUSED'],
  [
    'answers with 503',
    ({ gateway }) => gateway.sandbox.partoo.misbehave({ status: 503 }),
    'PROVIDER_UNAVAILABLE',
    'status 503',
  ],
  [
    'refuses the key',
    ({ gateway }) => gateway.sandbox.partoo.misbehave({ status: 401 }),
    'PROVIDER_UNAUTHORIZED',
    'status 401',
  ],
  ['never answers', ({ partoo }) => partoo.break(never), 'PROVIDER_TIMEOUT', 'time undefined'],
  ['resets connections', ({ partoo }) => partoo.break(reset), 'PROVIDER_UNAVAILABLE', 'closed ECONNRESET'],
  [
    'answers with what is no JSON',
    ({ partoo }) => partoo.break(answerWith('<html>')),
    'PROVIDER_BAD_RESPONSE',
    'answer 200',
  ],
])('a provider that %s is logged once', async ([, breakIt, code, trouble], { start }) => {
  const faulty = await start();
  await breakIt(faulty);
  expect(await faulty.review('one')).toBe(code);
  if (code !== 'PROVIDER_TIMEOUT') expect(await faulty.review('two')).toBe(code);
  expect(troublesIn(faulty)).toEqual([`PARTOO ${trouble}: ${FAIL}`]);
});

test.concurrent('the end of a trouble is logged, and so is its next beginning', { timeout: 40_000 }, async ({
  start,
}) => {
  const faulty = await start();
  const { partoo, review } = faulty;
  await partoo.refuse();
  expect(await review('one')).toBe('PROVIDER_UNAVAILABLE');
  await partoo.accept();
  expect(await review('review-sent', 0)).toBe('SENT');
  const began = `PARTOO connect ECONNREFUSED: ${FAIL}`;
  const over = 'PARTOO connect ECONNREFUSED: calls to the provider do not fail like this any more';
  expect(troublesIn(faulty)).toEqual([began]);
  await vi.waitUntil(() => troublesIn(faulty).length === 2);
  expect(troublesIn(faulty)).toEqual([began, over]);
  await partoo.refuse();
  expect(await review('two')).toBe('PROVIDER_UNAVAILABLE');
  expect(troublesIn(faulty)).toEqual([began, over, began]);
});

test.concurrent('a host name that does not resolve is logged', async ({ start }) => {
  const faulty = await start({ PARTOO_BASE_URL: 'https://partoo.invalid/v2' });
  faulty.staysThrottled();
  expect(await faulty.review('one')).toBe('PROVIDER_UNAVAILABLE');
  expect(troublesIn(faulty)).toEqual([`PARTOO resolve ENOTFOUND: ${FAIL}`]);
});

test.concurrent('the log names which of several data centers fails', async ({ start }) => {
  const faulty = await start();
  await faulty.cronofy.refuse();
  for (let n = 0; n < 10; n++) await faulty.invite(`down-${n}`);
  const lines = faulty.gateway.log.map((line) => JSON.parse(line)).filter(({ place }) => place !== undefined);
  expect(lines).toMatchObject([
    { provider: 'CRONOFY', place: 'US', trouble: 'connect', detail: 'ECONNREFUSED' },
    { provider: 'CRONOFY', place: 'US', there: 'OPEN', circuit: 'OPEN' },
  ]);
});
