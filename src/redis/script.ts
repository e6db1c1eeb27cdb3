// A script that Redis keeps: it is called by its digest, and sent whole only where Redis does not know it, as after a
// restart, a failover or SCRIPT FLUSH.

import { createHash } from 'node:crypto';
import type { RedisCommander } from 'ioredis';
import { isRefusal } from './reason.ts';

export type RedisScript = (
  client: RedisCommander,
  keys: readonly string[],
  args: readonly (string | number)[],
) => Promise<unknown>;

export function createScript(lua: string): RedisScript {
  const digest = createHash('sha1').update(lua).digest('hex');
  return async (client, keys, args) => {
    try {
      return await client.evalsha(digest, keys.length, ...keys, ...args);
    } catch (error) {
      if (!isRefusal(error) || !error.message.startsWith('NOSCRIPT')) throw error;
      return client.eval(lua, keys.length, ...keys, ...args);
    }
  };
}
