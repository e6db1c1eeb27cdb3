// A script is sent whole once, and again where Redis has forgotten it.

import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createScript } from '../../src/redis/script.ts';
import { type RedisServer, startRedisServer } from './server.ts';

let server: RedisServer;
let client: Redis;
beforeAll(async () => {
  server = await startRedisServer();
  client = new Redis(server.url);
});
afterAll(async () => {
  client.disconnect();
  await server.stop();
});

const add = createScript(`return redis.call('INCRBY', KEYS[1], ARGV[1])`);

/** How often each has been called. */
async function calls(): Promise<{ eval: number; evalsha: number }> {
  const stats = String(await server.command('INFO', 'commandstats'));
  const countOf = (name: string) => Number(new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(stats)?.[1] ?? 0);
  return { eval: countOf('eval'), evalsha: countOf('evalsha') };
}

test('a script is sent whole once, and by its digest afterwards', async () => {
  for (const n of [1, 2, 3]) expect(await add(client, ['count'], [1])).toBe(n);
  expect(await calls()).toEqual({ eval: 1, evalsha: 3 });
});

test('a script runs once where Redis has forgotten it', async () => {
  await client.set('count', 10);
  await server.command('SCRIPT', 'FLUSH');
  expect(await add(client, ['count'], [5])).toBe(15);
  expect(await client.get('count')).toBe('15');
});

test('a script that fails rejects with the error of Redis', async () => {
  await client.set('count', 'none');
  await expect(add(client, ['count'], [5])).rejects.toThrow(/not an integer/);
});
