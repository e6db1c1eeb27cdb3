// What stands in a Redis and what is told over it, without what differs from run to run: the form that processes of one
// format have in common.

import { Redis } from 'ioredis';

export interface WatchedRedis {
  /** What was there at any look, by key: its type and each value that it had; ends in `, for a while` where it goes by itself. */
  readonly keys: ReadonlyMap<string, ReadonlySet<string>>;
  /** What was told, by channel. */
  readonly messages: ReadonlyMap<string, ReadonlySet<string>>;
  look(): Promise<void>;
  stop(): void;
}

/** Of what a process tries whether Redis works nothing is kept or read. */
const TRIALS = 'gateway:check:';

export async function watchRedis(url: string): Promise<WatchedRedis> {
  const [client, listener] = [new Redis(url), new Redis(url)];
  const keys = new Map<string, Set<string>>();
  const messages = new Map<string, Set<string>>();
  const note = (notes: Map<string, Set<string>>, name: string, text: string) => {
    if (!name.startsWith(TRIALS)) notes.set(name, (notes.get(name) ?? new Set()).add(text));
  };
  listener.on('pmessage', (_, channel: string, message: string) => note(messages, channel, formOf(message)));
  await listener.psubscribe('*');

  return {
    keys,
    messages,
    async look() {
      for (const key of await client.keys('*')) {
        const type = await client.type(key);
        const lasts = (await client.pttl(key)) > 0 ? ', for a while' : '';
        for (const value of await valuesOf(client, key, type)) note(keys, key, `${type}: ${formOf(value)}${lasts}`);
      }
    },
    stop() {
      client.disconnect();
      listener.disconnect();
    },
  };
}

async function valuesOf(client: Redis, key: string, type: string): Promise<readonly string[]> {
  if (type === 'string') {
    const text = await client.get(key);
    return text === null ? [] : [text];
  }
  if (type !== 'zset') return type === 'none' ? [] : [''];
  const pairs = await client.zrange(key, 0, -1, 'WITHSCORES');
  return Array.from({ length: pairs.length / 2 }, (_, n) => `${pairs[2 * n]} = ${pairs[2 * n + 1]}`);
}

function formOf(text: string): string {
  return text
    .replaceAll(/[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}/g, '<process>')
    .replaceAll(/\b1\d{12}(?:\.\d+)?\b/g, '<moment>')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '<date>')
    .replaceAll(/(?<=127\.0\.0\.1:)\d+/g, '<port>');
}
