// What is told of each upstream call when it is over: how it ended, its attempts, and what it waited for.

import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { CallRecord } from '../../src/upstream/call-record.ts';
import { CallerGone, Cancellation } from '../../src/upstream/cancellation.ts';
import { createQuota } from '../../src/upstream/quota.ts';
import { type AccountOptions, openAccount } from './account.ts';

type Answer = (response: ServerResponse) => void;

const answer =
  (status: number): Answer =>
  (response) =>
    response.writeHead(status).end('{}');

/** A provider that answers so, the last way again and again, and an account that calls it. */
async function open(answers: readonly Answer[], options: AccountOptions = {}) {
  const server = createServer((_, response) => {
    const next = answers[Math.min(answered++, answers.length - 1)];
    next?.(response);
  });
  let answered = 0;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.closeAllConnections());
  onTestFinished(() => void server.close());
  const calls: CallRecord[] = [];
  const account = openAccount({ ...options, onCall: (call) => void calls.push(call) });
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { ...account, calls, server, origin };
}

test.each([
  [200, 'ok'],
  [404, 'not_found'],
  [400, 'rejected'],
  [403, 'unauthorized'],
  [206, 'bad_response'],
] as const)('an answer with status %i is told as %s', async (status, outcome) => {
  const { call, calls, origin } = await open([answer(status)]);
  await call(origin);
  expect(calls).toHaveLength(1);
  const [told] = calls;
  expect(told).toMatchObject({ provider: 'PARTOO', outcome, quotaWaitMs: 0, payment: { how: 'caller' } });
  expect(told?.attempts).toMatchObject([{ outcome, status }]);
  const [attempt] = told?.attempts ?? [];
  const moments = [told?.startedAt, attempt?.startedAt, attempt?.sentAt, attempt?.endedAt, told?.endedAt];
  expect(moments).toEqual(moments.toSorted((a, b) => Number(a) - Number(b)));
  expect(told?.connectionWaitMs).toBeGreaterThan(0);
});

test('each attempt is told with its own outcome', async () => {
  const { call, calls, origin } = await open([answer(503), answer(200)]);
  expect(await call(origin)).toBe('decoded');
  expect(calls.map(({ outcome }) => outcome)).toEqual(['ok']);
  expect(calls[0]?.attempts.map(({ outcome, status }) => [outcome, status])).toEqual([
    ['unavailable', 503],
    ['ok', 200],
  ]);
});

test('a request that is sent once more on a new connection is an attempt of its own', async () => {
  const { call, calls, origin } = await open([answer(200), (response) => response.destroy(), answer(200)]);
  await call(origin);
  expect(await call(origin)).toBe('decoded');
  expect(calls[1]?.attempts.map(({ outcome, status }) => [outcome, status])).toEqual([
    ['unavailable', 0],
    ['ok', 200],
  ]);
});

test('a 429 and the lack of our own quota are told apart', async () => {
  const { call, calls, origin } = await open([answer(429)], { windows: [{ limit: 1, windowMs: 60_000 }] });
  expect(await call(origin)).toBe('PROVIDER_RATE_LIMITED');
  expect(await call(origin)).toBe('PROVIDER_RATE_LIMITED');
  expect(calls.map(({ outcome }) => outcome)).toEqual(['throttled', 'no_quota']);
  // It could not be made again.
  expect(calls[0]?.attempts.map(({ outcome }) => outcome)).toEqual(['throttled', 'no_quota']);
  expect(calls[1]?.attempts).toMatchObject([{ outcome: 'no_quota', sentAt: Number.NaN, status: 0 }]);
});

test('the wait for quota is told', async () => {
  const quota = createQuota('PARTOO', [{ limit: 1, windowMs: 300 }]);
  const { call, calls, origin } = await open([answer(200)], { quota });
  await Promise.all([call(origin), call(origin)]);
  expect(calls.map(({ outcome }) => outcome)).toEqual(['ok', 'ok']);
  expect(calls[1]?.quotaWaitMs).toBeGreaterThan(100);
});

test('the wait for a connection is told where all are in use', async () => {
  const held: ServerResponse[] = [];
  const { call, calls, origin } = await open([(response) => void held.push(response), answer(200)], { maxInFlight: 1 });
  const [first, second] = [call(origin), call(origin)];
  await vi.waitUntil(() => held.length === 1);
  await new Promise((resolve) => setTimeout(resolve, 100));
  held[0]?.end('{}');
  await Promise.all([first, second]);
  expect(calls[1]?.connectionWaitMs).toBeGreaterThan(90);
  expect(calls[1]?.quotaWaitMs).toBe(0);
});

test('a call whose caller has gone, and one in time for nothing, are told', async () => {
  const { call, calls, origin } = await open([() => {}], { totalTimeoutMs: 200 });
  const caller = new Cancellation();
  const gone = call(origin, 'caller', caller);
  await new Promise((resolve) => setTimeout(resolve, 50));
  caller.cancel(new CallerGone());
  await gone;
  expect(await call(origin)).toBe('PROVIDER_TIMEOUT');
  expect(calls.map(({ outcome }) => outcome)).toEqual(['cancelled', 'timeout']);
});

test('calls that are not made are told: too many wait, or the breaker is open', async () => {
  const { call, calls, origin } = await open([(response) => response.destroy()], { maxInFlight: 1, maxWaiting: 0 });
  await Promise.all([call(origin), call(origin), call(origin)]);
  expect(calls.map(({ outcome }) => outcome).toSorted()).toContain('overloaded');
  while ((await call(origin)) && calls.at(-1)?.outcome !== 'circuit_open') expect(calls.length).toBeLessThan(200);
  expect(calls.at(-1)).toMatchObject({ outcome: 'circuit_open', attempts: [] });
});
