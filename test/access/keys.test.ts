// The keys of an identity provider: kept while it is down, looked for when a token names another, and never a reason to
// refuse everybody.

import { randomUUID } from 'node:crypto';
import { expect, onTestFinished, test, vi } from 'vitest';
import { createKeySet } from '../../src/access/keys.ts';
import { type KeyServer, startKeyServer } from './key-server.ts';
import { admissionOf, edwards, keySet, one, two } from './key-set.ts';
import { signWith } from './tokens.ts';

const BAD: readonly (readonly [string, Parameters<KeyServer['answer']>[0]])[] = [
  ['is down', (response) => void response.destroy()],
  ['fails', (response) => void response.writeHead(503).end('{"keys":[]}')],
  ['hangs', () => undefined],
  ['answers with a page', (response) => void response.end('<html>')],
  ['gives no key', (response) => void response.end('{"keys":[]}')],
  ['gives a secret alone', (response) => void response.end('{"keys":[{"kty":"oct","k":"c2VjcmV0"}]}')],
  ['gives 1 MB', (response) => void response.end(JSON.stringify({ keys: [one.jwk], more: 'x'.repeat(1 << 20) }))],
  ['leads to a file', (response) => void response.writeHead(302, { location: 'file:///etc/passwd' }).end()],
];

test.each(BAD)('where the source %s, the last keys go on, and one question is asked', async (_, answer) => {
  const server = await startKeyServer([one.jwk]);
  const { count, pass, troubles } = keySet(server);
  expect(await count('ES256', 'one')).toBe(1);
  server.answer(answer);
  pass(20_000);
  const asked = server.asked();
  const unknown = await Promise.all(Array.from({ length: 50 }, () => count('ES256', randomUUID())));
  expect(new Set(unknown)).toEqual(new Set([0]));
  expect(server.asked() - asked).toBe(1);
  expect(await count('ES256', 'one')).toBe(1);
  // Told once, whatever comes.
  pass(5_000);
  await count('ES256', 'another');
  expect(troubles).toEqual([true]);
});

test('a source that leads to another host is not followed', async () => {
  const other = await startKeyServer([two.jwk]);
  const server = await startKeyServer([one.jwk]);
  const { count, pass } = keySet(server);
  await count('ES256', 'one');
  for (const status of [301, 302, 303, 307, 308]) {
    server.answer((response) => void response.writeHead(status, { location: other.url }).end());
    pass(20_000);
    expect(await count('RS256', 'two'), String(status)).toBe(0);
  }
  expect(server.asked()).toBe(6);
  expect(other.asked()).toBe(0);
});

test('two gateways with one source each find a new key', async () => {
  const server = await startKeyServer([one.jwk]);
  const sets = [keySet(server), keySet(server)];
  for (const { count } of sets) await count('ES256', 'one');
  server.give([one.jwk, two.jwk]);
  for (const { count, pass } of sets) {
    pass(20_000);
    expect(await count('RS256', 'two')).toBe(1);
  }
  expect(server.asked()).toBe(4);
});

test('keys that were had too long ago are no keys', async () => {
  const server = await startKeyServer([one.jwk]);
  const { set, count, pass } = keySet(server, 600_000);
  await count('ES256', 'one');
  server.answer((response) => void response.destroy());
  pass(599_000);
  expect(set.isReady()).toBe(true);
  pass(2_000);
  expect(set.isReady()).toBe(false);
  await expect(count('ES256', 'one')).rejects.toThrow('Tokens cannot be checked for now');
});

test('a set tells how old it is, and whether its source is down, for as long as it is in use', async () => {
  const server = await startKeyServer([one.jwk]);
  const { set, count, pass } = keySet(server);
  expect(set.state()).toBeUndefined();
  set.isReady();
  expect(set.state()).toEqual({ ageMs: Number.POSITIVE_INFINITY, isDown: false });
  await count('ES256', 'one');
  pass(20_000);
  expect(set.state()).toEqual({ ageMs: 20_000, isDown: false });
  server.answer((response) => void response.destroy());
  await count('ES256', 'unknown');
  expect(set.state()).toEqual({ ageMs: 20_000, isDown: true });
  server.give([one.jwk]);
  pass(20_000);
  await count('ES256', 'unknown');
  expect(set.state()).toEqual({ ageMs: 0, isDown: false });
  pass(100_000_000);
  expect(set.state()).toBeUndefined();
});

test('a source that was down from the start is told, though no token was verified', async () => {
  const server = await startKeyServer();
  const { set, count, pass } = keySet(server);
  await expect(count('ES256', 'one')).rejects.toThrow('Tokens cannot be checked for now');
  expect(set.state()).toEqual({ ageMs: Number.POSITIVE_INFINITY, isDown: true });
  // Nobody comes with a token any more, and so nobody learns whether it is back.
  pass(300_000);
  expect(set.state()).toBeUndefined();
});

test('a new key is found at once, and looked for once in ten seconds', async () => {
  const server = await startKeyServer([one.jwk]);
  const { count, pass } = keySet(server);
  expect(await count('RS256', 'two')).toBe(0);
  server.give([one.jwk, two.jwk]);
  pass(9_000);
  expect(await count('RS256', 'two')).toBe(0);
  expect(server.asked()).toBe(1);
  pass(1_000);
  expect(await count('RS256', 'two')).toBe(1);
  expect(server.asked()).toBe(2);
});

test('that a key is gone is told, and a set that is the same is not', async () => {
  const server = await startKeyServer([one.jwk]);
  const { count, pass, changes } = keySet(server);
  await count('ES256', 'one');
  pass(20_000);
  await count('ES256', 'else');
  expect(changes).not.toHaveBeenCalled();
  server.give([two.jwk]);
  pass(20_000);
  await count('ES256', 'else');
  expect(changes).toHaveBeenCalledOnce();
  expect(await count('ES256', 'one')).toBe(0);
});

test('the same keys in another order are no other set', async () => {
  const server = await startKeyServer([one.jwk, two.jwk]);
  const { count, pass, changes } = keySet(server);
  await count('ES256', 'one');
  server.give([two.jwk, one.jwk]);
  pass(20_000);
  await count('ES256', 'else');
  expect(server.asked()).toBe(2);
  expect(changes).not.toHaveBeenCalled();
});

test('keys that are too old are told once to have changed, so that no token verified by them goes on', async () => {
  const server = await startKeyServer([one.jwk]);
  const { count, pass, changes } = keySet(server, 600_000);
  await count('ES256', 'one');
  server.answer((response) => void response.destroy());
  pass(599_000);
  await count('ES256', 'else');
  expect(changes).not.toHaveBeenCalled();
  for (let n = 0; n < 2; n++) {
    pass(20_000);
    await expect(count('ES256', 'else')).rejects.toThrow();
  }
  expect(changes).toHaveBeenCalledOnce();
  server.give([one.jwk]);
  pass(20_000);
  expect(await count('ES256', 'one')).toBe(1);
  expect(changes).toHaveBeenCalledOnce();
});

test('the set is fetched anew after five minutes, and ten seconds after a failure, without anybody asking', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  let isDown = false;
  let fetched = 0;
  const fetch = async () => {
    fetched += 1;
    if (isDown) throw new Error('down');
    return { keys: [one.jwk] };
  };
  const set = createKeySet({ fetch, staleMs: 86_400_000, onGone: () => undefined, onTrouble: () => undefined });
  onTestFinished(set.stop);
  set.isReady();
  await vi.advanceTimersByTimeAsync(299_000);
  expect(fetched).toBe(1);
  isDown = true;
  await vi.advanceTimersByTimeAsync(2_000);
  expect(fetched).toBe(2);
  await vi.advanceTimersByTimeAsync(21_000);
  expect(fetched).toBe(4);
});

/** A set on fake timers, and how often it was fetched. */
function countedSet() {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  onTestFinished(() => void vi.useRealTimers());
  const fetch = vi.fn(async () => ({ keys: [one.jwk] }));
  const set = createKeySet({ fetch, staleMs: 86_400_000, onGone: () => undefined, onTrouble: () => undefined });
  onTestFinished(set.stop);
  return { set, fetch };
}

const HOUR = 3_600_000;

test('a set that forged tokens alone ask for is not fetched again by itself', async () => {
  const { set, fetch } = countedSet();
  await set.find('ES256', 'one');
  await vi.advanceTimersByTimeAsync(HOUR);
  expect(fetch).toHaveBeenCalledTimes(1);
  expect(vi.getTimerCount()).toBe(0);
  // It is fetched before it is used again.
  await set.find('ES256', 'one');
  expect(fetch).toHaveBeenCalledTimes(2);
});

test('a set that has signed a token is fetched anew for a day from then on', async () => {
  const { set, fetch } = countedSet();
  const [key] = await set.find('ES256', 'one');
  if (key === undefined) throw new Error('the key is not there');
  expect(set.has(key)).toBe(true);
  await vi.advanceTimersByTimeAsync(24 * HOUR);
  expect(fetch).toHaveBeenCalledTimes(1 + 24 * 12);
  await vi.advanceTimersByTimeAsync(24 * HOUR);
  const fetched = fetch.mock.calls.length;
  expect(fetched).toBeLessThan(1 + 26 * 12);
  expect(vi.getTimerCount()).toBe(0);
  // Once more where somebody comes with its token after all.
  set.has(key);
  await vi.advanceTimersByTimeAsync(HOUR);
  expect(fetch.mock.calls.length).toBeGreaterThan(fetched + 10);
});

test('keys that stay in the set are the same, and one that is gone is not in it', async () => {
  const server = await startKeyServer([one.jwk, two.jwk]);
  const { set, pass, count } = keySet(server);
  const [first] = await set.find('ES256', 'one');
  const [second] = await set.find('RS256', 'two');
  if (first === undefined || second === undefined) throw new Error('the keys are not there');
  server.give([one.jwk, edwards.jwk]);
  pass(20_000);
  await count('ES256', 'else');
  expect([set.has(first), set.has(second)]).toEqual([true, false]);
});

test('a token is 503 and not 401 while the keys were never had, and is admitted once they are', async () => {
  const server = await startKeyServer([one.jwk]);
  server.answer((response) => void response.destroy());
  const { admit, admission } = admissionOf(server);
  const token = signWith(one);
  expect(await admit(token)).toBe('unavailable');
  expect(admission.isReady()).toBe(false);
  server.give([one.jwk]);
  await vi.waitUntil(() => admission.isReady(), { timeout: 12_000, interval: 50 });
  expect(await admit(token)).toBe('admitted');
}, 15_000);

test('a key that was removed signs nothing any more, also of what was verified before', async () => {
  const server = await startKeyServer([one.jwk]);
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'], shouldAdvanceTime: true });
  onTestFinished(() => void vi.useRealTimers());
  const { admit } = admissionOf(server);
  const token = signWith(one);
  expect(await admit(token)).toBe('admitted');
  server.give([two.jwk]);
  expect(await admit(token)).toBe('admitted');
  await vi.advanceTimersByTimeAsync(300_000);
  await vi.waitUntil(async () => (await admit(token)) === 'invalid');
});
