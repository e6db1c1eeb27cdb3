// What other processes have seen: the second tier of snapshots, and the messages by which each tells the others what it
// has just read. Keys are digests, because a ref holds an address. Moments are Redis': see `redis/clock.ts`.

import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { type Ref, wholeKeyOf } from '../invitation/ref.ts';
import type { SharedClock } from '../redis/clock.ts';
import type { SharedRedis } from '../redis/redis.ts';
import { createScript } from '../redis/script.ts';
import { decodeSnapshot, encodeSnapshot, type SharedSnapshot } from './codec.ts';

export interface SharedTier {
  /** What any process has last seen of it; not where any was notified of it after that read began. */
  find(ref: Ref): Promise<SharedSnapshot | undefined>;
  /** Whether it is this process that reads it now: one of all does, until it has shared it or has taken too long. */
  claim(ref: Ref): Promise<boolean>;
  /** Keeps it for the others, and tells them. */
  share(snapshot: SharedSnapshot): void;
  /** Keeps for the others, also for those that are yet to start, that the invitation was notified then. */
  hear(ref: Ref, heardAt: number): void;
  /** Told of what others have read, and whenever something of it may have been missed. @returns what ends it. */
  listen(onSnapshot: (snapshot: SharedSnapshot) => void, onMissed: () => void): Promise<() => void>;
}

export interface SharedTierOptions {
  /** Tells apart gateways with other accounts on the same Redis, and tenants. */
  readonly scope: string;
  /** For how long what was shared is kept, in milliseconds. */
  readonly ttlMs: number;
  readonly clock: SharedClock;
  /** Milliseconds of the process's clock. */
  readonly now: () => number;
  /** Told of what is ignored. */
  readonly onRubbish: () => void;
}

const CHANNEL = 'gateway:snapshots';

/** How long other processes leave alone what one has claimed, in milliseconds: far longer than a read mostly takes. */
const CLAIM_MS = 2_000;

/** Keeps the newest: one that had to wait for Redis may be older than another process's. */
const NOTICE = createScript(`
local known = redis.call('GET', KEYS[1])
if not known or tonumber(known) < tonumber(ARGV[1]) then redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2]) end
return 1
`);

/** Notices that wait for Redis at most: as many as may be read at once because of one. */
const MAX_UNKEPT = 10_000;

/** How long they wait until they are told again, in milliseconds. */
const RETRY_MS = 1_000;

/** Instead of a snapshot: some that were read could not be shared. */
const MISSED = 'missed';

export function createSharedTier(redis: SharedRedis, options: SharedTierOptions): SharedTier {
  const { scope, clock, now, onRubbish } = options;
  const ttlMs = Math.max(1, options.ttlMs);
  const process = crypto.randomUUID();
  const channel = `${CHANNEL}:${scope}`;
  const keyFor = (ref: Ref) => `gateway:snapshot:${digestOf(scope, ref)}`;
  const noticeKeyFor = (ref: Ref) => `gateway:notice:${digestOf(scope, { key: wholeKeyOf(ref) })}`;

  /** Notices that Redis could not be told, until it can: when each invitation was notified. */
  const unkept = new LRUCache<string, number>({
    // Not `max`: the cache would make room for so many at once.
    maxSize: MAX_UNKEPT,
    sizeCalculation: () => 1,
    ttl: ttlMs,
    perf: { now },
  });
  let retry: NodeJS.Timeout | undefined;

  function decode(text: string): SharedSnapshot | undefined {
    const snapshot = decodeSnapshot(text);
    if (snapshot === undefined) onRubbish();
    return snapshot;
  }

  /** The same on the clock of this process, on which nothing was seen later than now. */
  function here(snapshot: SharedSnapshot, offset: number): SharedSnapshot {
    const seenAt = Math.min(now(), snapshot.seenAt - offset);
    const { begunAt, sinceAt = snapshot.seenAt } = snapshot;
    const earlier = (at: number) => Math.min(seenAt, at - offset);
    return { ...snapshot, seenAt, begunAt: earlier(begunAt), sinceAt: earlier(sinceAt) };
  }

  async function keepNotice(key: string, heardAt: number): Promise<void> {
    const offset = await clock.offset();
    const moment = offset === undefined ? undefined : String(heardAt + offset);
    const isKept = moment && (await redis.ask((client) => NOTICE(client, [key], [moment, String(ttlMs)])));
    if (isKept) return;
    unkept.set(key, Math.max(heardAt, unkept.get(key) ?? heardAt));
    // Also where Redis was not lost: a command before it was in doubt, or its own answer came late.
    retry ??= setTimeout(keepUnkept, RETRY_MS).unref();
  }

  async function keepUnkept(): Promise<void> {
    clearTimeout(retry);
    retry = undefined;
    unkept.purgeStale();
    const notices = [...unkept];
    unkept.clear();
    await Promise.all(notices.map(([key, heardAt]) => keepNotice(key, heardAt)));
  }

  return {
    async find(ref) {
      const ask = (key: string) => redis.ask((client) => client.get(key), onRubbish);
      const [text, notice, offset] = await Promise.all([ask(keyFor(ref)), ask(noticeKeyFor(ref)), clock.offset()]);
      const snapshot = text ? decode(text) : undefined;
      // Without a notice it gives null; undefined where nobody knows whether there is one.
      if (snapshot === undefined || notice === undefined || offset === undefined) return undefined;
      if (snapshot.ref.key !== ref.key) {
        onRubbish();
        return undefined;
      }
      return Number(notice) > snapshot.begunAt ? undefined : here(snapshot, offset);
    },
    async claim(ref) {
      const owner = await redis.ask((client) =>
        client.set(`gateway:claim:${digestOf(scope, ref)}`, process, 'PX', CLAIM_MS, 'NX', 'GET'),
      );
      // Where Redis cannot be asked, each reads for itself.
      return owner === undefined || owner === null || owner === process;
    },
    async share(snapshot) {
      const offset = await clock.offset();
      if (offset === undefined) return;
      const { begunAt, seenAt, sinceAt = seenAt } = snapshot;
      const moments = { begunAt: begunAt + offset, seenAt: seenAt + offset, sinceAt: sinceAt + offset };
      const text = encodeSnapshot({ ...snapshot, ...moments });
      redis.tell((client) => client.set(keyFor(snapshot.ref), text, 'PX', ttlMs));
      redis.tell((client) => client.publish(channel, `${process} ${text}`));
    },
    hear: (ref, heardAt) => keepNotice(noticeKeyFor(ref), heardAt),
    async listen(onSnapshot, onMissed) {
      const endTelling = redis.onRecovered(async () => {
        await keepUnkept();
        redis.tell((client) => client.publish(channel, `${process} ${MISSED}`));
      });
      const endListening = await redis.listen(
        channel,
        async (message) => {
          if (message.startsWith(`${process} `)) return;
          const text = message.slice(message.indexOf(' ') + 1);
          if (text === MISSED) return onMissed();
          const snapshot = decode(text);
          const offset = await clock.offset();
          if (snapshot !== undefined && offset !== undefined) onSnapshot(here(snapshot, offset));
        },
        onMissed,
      );
      return () => {
        endTelling();
        endListening();
      };
    },
  };
}

/** Names a ref among gateways with one scope. JSON keeps apart the two texts, and characters that UTF-8 has no bytes for. */
export function digestOf(scope: string, { key }: Pick<Ref, 'key'>): string {
  return createHash('sha256')
    .update(JSON.stringify([scope, key]))
    .digest('base64url');
}
