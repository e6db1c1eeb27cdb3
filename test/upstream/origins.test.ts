// Several origins of one account, such as a provider's data centers: each fails by itself, and all share the quota.

import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { createQuota } from '../../src/upstream/quota.ts';
import { answerWith, type Fault, type FaultyProxy, never, startProxy } from '../faults/proxy.ts';
import { openAccount } from './account.ts';

const good = answerWith('{}');
const fails: Fault = (client) => {
  client.write('HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n');
  return true;
};

async function startServer(fault: Fault): Promise<FaultyProxy> {
  const server = await startProxy('http://127.0.0.1:1');
  server.break(fault);
  onTestFinished(() => server.refuse());
  return server;
}

afterEach(() => vi.useRealTimers());

describe('an origin that fails', () => {
  async function oneFails() {
    const [bad, well] = [await startServer(fails), await startServer(good)];
    const changes: [origin: string, circuit: string][] = [];
    const account = openAccount({
      listener: { circuitChanged: (origin, circuit) => void changes.push([origin, circuit]) },
    });
    expect(await account.call(well.origin)).toBe('decoded');
    while (account.upstream.wayTo(bad.origin).circuit() === 'CLOSED') await account.call(bad.origin);
    return { bad, well, changes, ...account };
  }

  test('has a breaker of its own: the others are called as before', async () => {
    const { bad, well, upstream, call, changes } = await oneFails();
    const failed = bad.requests.length;
    expect(await call(bad.origin)).toBe('PROVIDER_UNAVAILABLE');
    for (let n = 0; n < 20; n++) expect(await call(well.origin)).toBe('decoded');
    expect([bad.requests.length, well.requests.length]).toEqual([failed, 21]);
    expect(upstream.wayTo(well.origin).circuit()).toBe('CLOSED');
    expect(changes).toEqual([[bad.origin, 'OPEN']]);
  });

  test('is what the account is said to be, for as long as it is asked for', async () => {
    const { bad, well, upstream, call } = await oneFails();
    expect(upstream.circuit()).toBe('OPEN');
    vi.useFakeTimers({ toFake: ['performance'] });
    await call(well.origin);
    vi.advanceTimersByTime(59_000);
    await call(well.origin);
    expect(upstream.circuit()).toBe('OPEN');
    vi.advanceTimersByTime(60_000);
    await call(well.origin);
    expect(upstream.circuit()).toBe('CLOSED');
    // No caller asks for any origin: that makes no origin well.
    await call(bad.origin);
    vi.advanceTimersByTime(3_600_000);
    expect(upstream.circuit()).toBe('OPEN');
  });
});

test('an origin that hangs keeps its own line of calls waiting, and no other', async () => {
  const [hangs, well] = [await startServer(never), await startServer(good)];
  const { upstream, call } = openAccount({ totalTimeoutMs: 4_000 });
  // Of as many callers: the last hundred places are for callers with few calls.
  const hanging = Promise.all(Array.from({ length: 300 }, () => call(hangs.origin)));
  await vi.waitUntil(() => hangs.requests.length === 32);
  expect(await call(hangs.origin)).toBe('PROVIDER_OVERLOADED');
  expect([upstream.wayTo(hangs.origin).hasRoom(), upstream.wayTo(well.origin).hasRoom()]).toEqual([false, true]);
  expect(await Promise.all(Array.from({ length: 50 }, () => call(well.origin)))).toEqual(Array(50).fill('decoded'));
  upstream.close();
  await hanging;
});

test('calls that wait for an origin that hangs are not ahead of those to another one', async () => {
  const [hangs, well] = [await startServer(never), await startServer(good)];
  const quota = createQuota('PARTOO', [{ limit: 100, windowMs: 60_000 }]);
  const { upstream, call } = openAccount({ quota });
  const hanging = Promise.all(Array.from({ length: 120 }, () => call(hangs.origin)));
  await vi.waitUntil(() => hangs.requests.length === 32);
  // 32 of the hundred are used, and 88 wait.
  expect(await call(well.origin)).toBe('decoded');
  upstream.close();
  await hanging;
});

test('all origins of an account take from one quota', async () => {
  const [one, other] = [await startServer(good), await startServer(good)];
  const quota = createQuota('PARTOO', [{ limit: 5, windowMs: 60_000 }]);
  const { call } = openAccount({ quota });
  for (const { origin } of [one, other, one, other, one]) expect(await call(origin)).toBe('decoded');
  expect(await call(other.origin)).toBe('PROVIDER_RATE_LIMITED');
});

test('an origin that is not configured delays no call', () => {
  const { upstream } = openAccount();
  const way = upstream.wayTo(undefined);
  expect([way.circuit(), way.hasRoom(), way.isCrowded(), upstream.circuit()]).toEqual([
    'CLOSED',
    true,
    false,
    'CLOSED',
  ]);
});
