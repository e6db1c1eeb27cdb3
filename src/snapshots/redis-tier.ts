// What other processes have seen: the second tier of snapshots, and the messages by which each tells the others what it
// has just read. Keys are digests, because a ref holds an address.

import { createHash } from 'node:crypto';
import type { Ref } from '../invitation/ref.ts';
import type { SharedRedis } from '../redis/redis.ts';
import { decodeSnapshot, encodeSnapshot, type SharedSnapshot } from './codec.ts';

export interface SharedTier {
  /** What any process has last seen of it. */
  find(ref: Ref): Promise<SharedSnapshot | undefined>;
  /** Keeps it for the others, and tells them. */
  share(snapshot: SharedSnapshot): void;
  /** Told of what others have read, and whenever something of it may have been missed. */
  listen(onSnapshot: (snapshot: SharedSnapshot) => void, onMissed: () => void): Promise<void>;
}

const CHANNEL = 'gateway:snapshots';

/** @param scope Tells apart gateways with other accounts on the same Redis. @param onRubbish Told of what is ignored. */
export function createSharedTier(redis: SharedRedis, scope: string, ttlMs: number, onRubbish: () => void): SharedTier {
  const process = crypto.randomUUID();
  const keyFor = (ref: Ref) =>
    `gateway:snapshot:${createHash('sha256').update(`${scope} ${ref.key}`).digest('base64url')}`;

  function decode(text: string): SharedSnapshot | undefined {
    const snapshot = decodeSnapshot(text);
    if (snapshot === undefined) onRubbish();
    return snapshot;
  }

  return {
    async find(ref) {
      const text = await redis.ask((client) => client.get(keyFor(ref)), onRubbish);
      const snapshot = text ? decode(text) : undefined;
      if (snapshot === undefined || snapshot.ref.key === ref.key) return snapshot;
      onRubbish();
      return undefined;
    },
    share(snapshot) {
      const text = encodeSnapshot(snapshot);
      void redis.ask((client) =>
        client
          .pipeline()
          .set(keyFor(snapshot.ref), text, 'PX', ttlMs)
          .publish(`${CHANNEL}:${scope}`, `${process} ${text}`)
          .exec(),
      );
    },
    listen: (onSnapshot, onMissed) =>
      redis.listen(
        `${CHANNEL}:${scope}`,
        (message) => {
          if (message.startsWith(`${process} `)) return;
          const snapshot = decode(message.slice(message.indexOf(' ') + 1));
          if (snapshot !== undefined) onSnapshot(snapshot);
        },
        onMissed,
      ),
  };
}
