// Sentinels say when another server has become the primary. The old one may still answer then, and accept writes
// that are lost, or hang without end.

import { Redis } from 'ioredis';
import type { RedisAddress, RedisHost } from './address.ts';
import { ignoreLaterErrors } from './later-errors.ts';

const CHANNEL = '+switch-master';
const RETRY_MS = 1_000;

/**
 * @param onMoved Told by each of the Sentinels, in whatever order they hear of it.
 * @returns what ends it.
 */
export function watchSentinels(
  { hosts, primary }: RedisAddress,
  tls: object | undefined,
  onMoved: (to: RedisHost) => void,
): () => void {
  const watchers = hosts.map(({ host, port }) => {
    const watcher = new Redis({
      host,
      port,
      ...(tls === undefined ? {} : { tls }),
      connectTimeout: RETRY_MS,
      keepAlive: 5_000,
      retryStrategy: () => RETRY_MS,
      enableReadyCheck: false,
      disableClientInfo: true,
      autoResubscribe: false,
    });
    // One of them is enough, and where none is, the connections to the primary say so.
    watcher.on('error', () => undefined);
    ignoreLaterErrors(watcher);
    watcher.on('ready', () => watcher.subscribe(CHANNEL).catch(() => undefined));
    watcher.on('message', (_, message) => {
      const [name, , , toHost = '', toPort] = message.split(' ');
      if (name === primary) onMoved({ host: toHost, port: Number(toPort) });
    });
    return watcher;
  });
  return () => {
    for (const watcher of watchers) watcher.disconnect();
  };
}
