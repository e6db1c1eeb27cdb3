// Whether Redis does what is needed of it, found by doing that: a server may well answer PING and refuse scripts, keys or
// channels, to this user, for want of memory, or because it is a replica.

import type { RedisCommander } from 'ioredis';
import type { Channels } from './channels.ts';
import { within } from './reason.ts';
import { createScript } from './script.ts';

/** Every process listens to it, and knows its own messages. */
const CHANNEL = 'gateway:check:all';

/** How long a message may take from one connection to the other, in milliseconds. */
const MESSAGE_TIMEOUT_MS = 500;

const KEY_TTL_MS = 10_000;

/**
 * Each lies in another sixteenth of a cluster's slots, and so at another server in one of up to sixteen even parts. A single
 * server has to take them all: one of a cluster does not.
 */
export const KEYS: readonly string[] = [11, 2, 60, 42, 10, 3, 61, 43, 13, 0, 62, 40, 12, 1, 63, 41].map(
  (n) => `gateway:check:${n}`,
);

const WRITE = createScript(`return redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])`);

/** @returns what rejects where one of them does not work: with Redis' refusal, or Lost. */
export function createTrial(commands: RedisCommander, channels: Channels, timeoutMs: number): () => Promise<void> {
  const process = crypto.randomUUID();
  let count = 0;
  let expected = '';
  let onArrived = () => {};
  channels.add(
    CHANNEL,
    (message) => {
      if (message === expected) onArrived();
    },
    () => undefined,
  );

  async function tryKey(key: string): Promise<void> {
    await Promise.all([
      within(WRITE(commands, [key], [process, KEY_TTL_MS]), timeoutMs),
      within(commands.set(key, process, 'PX', KEY_TTL_MS), timeoutMs),
      within(commands.get(key), timeoutMs),
    ]);
  }

  async function tryMessage(): Promise<void> {
    count += 1;
    expected = `${process} ${count}`;
    const arrival = new Promise<void>((resolve) => {
      onArrived = resolve;
    });
    await within(commands.publish(CHANNEL, expected), timeoutMs);
    await within(arrival, MESSAGE_TIMEOUT_MS);
  }

  return async () => {
    await Promise.all([channels.subscribe(), ...KEYS.map(tryKey)]);
    await tryMessage();
  };
}
