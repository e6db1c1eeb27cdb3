// What other processes have seen: the second tier of snapshots, and the messages by which each tells the others what it
// has just read. Keys are digests, because a ref holds an address.

import { createHash } from 'node:crypto';
import type { Ref } from '../invitation/ref.ts';
import type { SharedRedis } from '../redis/redis.ts';
import { decodeSnapshot, encodeSnapshot, type SharedSnapshot } from './codec.ts';

export interface SharedTier {
  /** What any process has last seen of it. */
  find(ref: Ref): Promise<SharedSnapshot | undefined>;
  /** Whether it is this process that reads it now: one of all does, until it has shared it or has taken too long. */
  claim(ref: Ref): Promise<boolean>;
  /** Keeps it for the others, and tells them. */
  share(snapshot: SharedSnapshot): void;
  /** Calls back for what others have read, and whenever something of it may have been missed. */
  listen(onSnapshot: (snapshot: SharedSnapshot) => void, onMissed: () => void): Promise<void>;
}

const CHANNEL = 'gateway:snapshots';

/** How long other processes leave alone what one has claimed, in milliseconds: far longer than a read mostly takes. */
const CLAIM_MS = 2_000;

/** Instead of a snapshot: some that were read could not be shared. */
const MISSED = 'missed';

/** @param scope Separates gateways with other accounts on one Redis. @param onRubbish Called for each ignored value. */
export function createSharedTier(redis: SharedRedis, scope: string, ttlMs: number, onRubbish: () => void): SharedTier {
  const process = crypto.randomUUID();
  const channel = `${CHANNEL}:${scope}`;
  const keyFor = (ref: Ref) => `gateway:snapshot:${digestOf(scope, ref)}`;

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
    async claim(ref) {
      const owner = await redis.ask((client) =>
        client.set(`gateway:claim:${digestOf(scope, ref)}`, process, 'PX', CLAIM_MS, 'NX', 'GET'),
      );
      // Where Redis cannot be asked, each reads for itself.
      return owner === undefined || owner === null || owner === process;
    },
    share(snapshot) {
      const text = encodeSnapshot(snapshot);
      void redis.ask((client) =>
        client
          .pipeline()
          .set(keyFor(snapshot.ref), text, 'PX', Math.max(1, ttlMs))
          .publish(channel, `${process} ${text}`)
          .exec(),
      );
    },
    listen(onSnapshot, onMissed) {
      redis.onRecovered(() => void redis.ask((client) => client.publish(channel, `${process} ${MISSED}`)));
      return redis.listen(
        channel,
        (message) => {
          if (message.startsWith(`${process} `)) return;
          const text = message.slice(message.indexOf(' ') + 1);
          if (text === MISSED) return onMissed();
          const snapshot = decode(text);
          if (snapshot !== undefined) onSnapshot(snapshot);
        },
        onMissed,
      );
    },
  };
}

/** Names a ref among gateways with one scope. JSON keeps apart the two texts, and characters that UTF-8 has no bytes for. */
export function digestOf(scope: string, { key }: Ref): string {
  return createHash('sha256')
    .update(JSON.stringify([scope, key]))
    .digest('base64url');
}
