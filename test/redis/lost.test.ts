// Answers that do not come, or come late: a hung Redis costs a caller one timeout, and a process that was late itself does
// not take Redis for hung.

import { afterAll, afterEach, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { createRedis } from '../../src/redis/redis.ts';
import { readReview, startPair, untilConnected } from './pair.ts';
import { type RedisServer, startRedisServer } from './server.ts';

let server: RedisServer;
beforeAll(async () => {
  server = await startRedisServer();
});
afterEach(() => server.resume());
afterAll(() => server.stop());

async function connect() {
  const told: (string | undefined)[] = [];
  const redis = createRedis(server.url, (reason) => void told.push(reason));
  onTestFinished(() => redis.close());
  await vi.waitUntil(() => redis.isUp());
  return { redis, told };
}

/** Lets nothing else run in this process. */
function block(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

test('a process asks Redis nothing after the first lost command until Redis answers again', async () => {
  const { redis, told } = await connect();
  server.pause();
  const command = vi.fn((client: { get(key: string): Promise<unknown> }) => client.get('gateway:test:key'));
  expect(await redis.ask(command)).toBeUndefined();
  expect(redis.isUp()).toBe(false);
  expect(await redis.ask(command)).toBeUndefined();
  await vi.waitUntil(() => told.includes('no answer'));
  expect(await redis.ask(command)).toBeUndefined();
  expect(command).toHaveBeenCalledOnce();
  server.resume();
  await vi.waitUntil(() => redis.isUp());
  expect(told).toEqual([undefined, 'no answer', undefined]);
});

test('a caller waits for a hung Redis once, whatever it is asked for', async () => {
  const pair = await startPair(server.url);
  onTestFinished(() => pair.stop());
  await untilConnected(server, [pair.a, pair.b]);
  const durations: number[] = [];
  const ask = async (invitation_id: string) => {
    pair.sandbox.partoo.put({ invitation_id, status: 'SENT' });
    const startedAt = performance.now();
    expect(await readReview(pair.a, invitation_id)).toMatchObject({ status: 'PENDING' });
    return performance.now() - startedAt;
  };
  await ask('warm');
  // Twice would be a tenth of a second at least, each time. Once may take longer on a busy machine, but not each time.
  for (let n = 0; n < 4 || (n < 12 && Math.min(...durations) >= 100); n++) {
    server.pause();
    durations.push(await ask(`review-${n}`));
    server.resume();
    await untilConnected(server, [pair.a, pair.b]);
  }
  expect(Math.min(...durations)).toBeLessThan(100);
});

test('a command without a waiting caller is sent while another one is in doubt', async () => {
  const { redis } = await connect();
  server.pause();
  await redis.ask((client) => client.get('gateway:test:key'));
  expect(redis.isUp()).toBe(false);
  redis.tell((client) => client.set('gateway:test:told', 'told', 'PX', 5_000));
  server.resume();
  await vi.waitUntil(async () => (await server.command('GET', 'gateway:test:told')) === 'told');
});

test('an answer that arrived while this process was busy is accepted', async () => {
  const { redis, told } = await connect();
  await server.command('SET', 'gateway:test:key', 'value', 'PX', 5_000);
  const asked = redis.ask((client) => client.get('gateway:test:key'));
  await new Promise((resolve) => setImmediate(resolve));
  block(120);
  expect(await asked).toBe('value');
  expect(redis.isUp()).toBe(true);
  expect(told).toEqual([undefined]);
});

test('one late answer is not reported as an outage', async () => {
  const { redis, told } = await connect();
  const onRecovered = vi.fn();
  redis.onRecovered(onRecovered);
  server.pause();
  await redis.ask((client) => client.get('gateway:test:key'));
  expect(redis.isUp()).toBe(false);
  server.resume();
  await vi.waitUntil(() => redis.isUp());
  expect(told).toEqual([undefined]);
  expect(onRecovered).not.toHaveBeenCalled();
});

test('a Redis that ends and comes back is reported once for each reason, and once when it is back', async () => {
  const { redis, told } = await connect();
  await server.kill();
  await vi.waitUntil(() => told.includes('ECONNREFUSED'));
  // Some more that are refused.
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  expect(redis.isUp()).toBe(false);
  await server.restart();
  await vi.waitUntil(() => redis.isUp(), { timeout: 2_000 });
  expect(told).toEqual([undefined, 'not connected', 'ECONNREFUSED', undefined]);
});
