// A provider's name moves to another address. A name that a test gives an address stands in for one of the real DNS.

import dns from 'node:dns';
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { createAuthority, trust } from '../certificates.ts';
import { answerWith, type Fault, type FaultyProxy, startProxy } from '../faults/proxy.ts';
import { openAccount } from './account.ts';

const authority = createAuthority();
trust(authority);
const certificate = authority.issue({ names: 'DNS:provider.test' });

const good = answerWith('{}');
const fails: Fault = (client) => {
  client.write('HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n');
  return true;
};

let address: string;
const { lookup } = dns;

beforeEach(() => {
  vi.spyOn(dns, 'lookup').mockImplementation(((name: string, ...rest: [dns.LookupAllOptions, never]) => {
    return lookup(name === 'provider.test' ? address : name, ...rest);
  }) as typeof dns.lookup);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** The same port at two addresses, and the name leads to the first. */
async function startTwo(setUpMs = 0): Promise<{ older: FaultyProxy; newer: FaultyProxy; origin: string }> {
  const older = await startProxy('http://127.0.0.1:1', { certificate, setUpMs });
  const port = Number(new URL(older.origin).port);
  const newer = await startProxy('http://127.0.0.1:1', { certificate, setUpMs, address: '127.0.0.2', port });
  for (const one of [older, newer]) {
    one.break(good);
    onTestFinished(() => one.refuse());
  }
  address = '127.0.0.1';
  return { older, newer, origin: `https://provider.test:${port}` };
}

test('the old address fails: when the breaker opens its connections go, and the probe finds the new one', async () => {
  const { older, newer, origin } = await startTwo();
  const { call, upstream } = openAccount();
  for (let n = 0; n < 3; n++) expect(await call(origin)).toBe('decoded');
  expect(older.connections).toBe(1);
  address = '127.0.0.2';
  older.break(fails);
  while (upstream.circuit() === 'CLOSED') await call(origin);
  expect(newer.requests).toHaveLength(0);
  await vi.waitUntil(async () => (await call(origin)) === 'decoded', { timeout: 8_000, interval: 100 });
  expect(newer.requests).toHaveLength(1);
  expect(upstream.circuit()).toBe('CLOSED');
});

test('the old address goes on answering: the new one is called within a minute', async () => {
  const { older, newer, origin } = await startTwo();
  const { call } = openAccount();
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  expect(await call(origin)).toBe('decoded');
  address = '127.0.0.2';
  for (let second = 0; second < 40; second += 10) {
    await vi.advanceTimersByTimeAsync(10_000);
    expect(await call(origin)).toBe('decoded');
  }
  expect([older.connections, older.requests.length, newer.requests.length]).toEqual([1, 5, 0]);
  await vi.advanceTimersByTimeAsync(20_000);
  expect(await call(origin)).toBe('decoded');
  expect([older.requests.length, newer.requests.length]).toEqual([5, 1]);
});

test('a connection that is being made as the breaker opens is good for its call, and for no other', async () => {
  const { older, newer, origin } = await startTwo(200);
  const { call, upstream } = openAccount();
  older.break(fails);
  // Each time one more at once: the last of them needs a connection, and the others fail before it is there.
  for (let count = 1; upstream.circuit() === 'CLOSED'; count++) {
    await Promise.all(Array.from({ length: count }, () => call(origin)));
  }
  expect(upstream.circuit()).toBe('OPEN');
  older.break(good);
  const before = older.requests.length;
  address = '127.0.0.2';
  await vi.waitUntil(async () => (await call(origin)) === 'decoded', { timeout: 8_000, interval: 100 });
  expect([older.requests.length, newer.requests.length]).toEqual([before, 1]);
});
