// A notification comes to one process; its subscribers, and what is known of the invitation, may be at another. Each passes
// on what it was told, and when: the others hold it against what they know, and show it until the read that follows is
// shared.

import type { SharedClock } from '../redis/clock.ts';
import type { SharedRedis } from '../redis/redis.ts';

export interface SharedNotifications {
  /** @param heardAt When it was received, on the clock of this process. */
  share(provider: string, body: Buffer, heardAt: number): void;
  /** @returns what ends it. */
  listen(onNotification: (provider: string, body: Buffer, heardAt: number) => void): Promise<() => void>;
}

const CHANNEL = 'gateway:notifications';

/** @param scope Tells apart gateways with other accounts on the same Redis, and tenants. @param now The clock of this process. */
export function createSharedNotifications(
  redis: SharedRedis,
  scope: string,
  clock: SharedClock,
  now: () => number,
): SharedNotifications {
  const process = crypto.randomUUID();
  const channel = `${CHANNEL}:${scope}`;
  return {
    async share(provider, body, heardAt) {
      const offset = await clock.offset();
      if (offset === undefined) return;
      const message = `${process} ${provider} ${heardAt + offset} ${body.toString()}`;
      redis.tell((client) => client.publish(channel, message));
    },
    listen: (onNotification) =>
      redis.listen(
        channel,
        async (message) => {
          const [, from, provider, at, body] = /^(\S+) (\S+) (\d+(?:\.\d+)?) ([\s\S]*)$/.exec(message) ?? [];
          if (provider === undefined || from === process) return;
          const offset = await clock.offset();
          if (offset === undefined) return;
          onNotification(provider, Buffer.from(body ?? ''), Math.min(now(), Number(at) - offset));
        },
        // What was missed is read again with everything else that is watched.
        () => undefined,
      ),
  };
}
