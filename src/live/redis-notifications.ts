// A notification comes to one process; its subscribers may be at another. Each passes on what it was told, and the
// others show it until the read that follows is shared.

import type { SharedRedis } from '../redis/redis.ts';

export interface SharedNotifications {
  share(provider: string, body: Buffer): void;
  listen(onNotification: (provider: string, body: Buffer) => void): Promise<void>;
}

const CHANNEL = 'gateway:notifications';

/** @param scope Tells apart gateways with other accounts on the same Redis. */
export function createSharedNotifications(redis: SharedRedis, scope: string): SharedNotifications {
  const process = crypto.randomUUID();
  const channel = `${CHANNEL}:${scope}`;
  return {
    share: (provider, body) =>
      redis.tell((client) => client.publish(channel, `${process} ${provider} ${body.toString()}`)),
    listen: (onNotification) =>
      redis.listen(
        channel,
        (message) => {
          const [, from, provider, body] = /^(\S+) (\S+) ([\s\S]*)$/.exec(message) ?? [];
          if (provider !== undefined && from !== process) onNotification(provider, Buffer.from(body ?? ''));
        },
        // What was missed is read again with everything else that is watched.
        () => undefined,
      ),
  };
}
