// What several gateway processes share, through one Redis (or Valkey), a cluster of them, or a primary that Sentinels know.
// It is never relied upon: a command that fails, is refused or takes too long gives nothing, and each of its users has an
// answer of its own for that case. Only where everything works that is needed of Redis does it count as up.

import type { RedisCommander } from 'ioredis';
import { parseRedisUrl } from './address.ts';
import { Channels } from './channels.ts';
import { createClients } from './clients.ts';
import type { CommandOutcome } from './command-outcome.ts';
import { Health } from './health.ts';
import { isRefusal, NOT_CONNECTED, reasonOf, refusalOf, within } from './reason.ts';
import { createTrial } from './trial.ts';

export type RedisCommand<T> = (client: RedisCommander) => Promise<T>;

export interface SharedRedis {
  /**
   * What the command gives, or undefined where Redis cannot be asked now, or refuses.
   * @param onRefusal Told of a refusal that is about this key alone: something else than ours stands under it.
   */
  ask<T>(command: RedisCommand<T>, onRefusal?: () => void): Promise<T | undefined>;
  /** Sends a command whose answer is not needed, also while one before it is in doubt. */
  tell(command: RedisCommand<unknown>): void;
  /**
   * Told of every message of a channel, and whenever messages may have been missed. A channel has one listener: the last.
   * @returns what ends it.
   */
  listen(channel: string, onMessage: (message: string) => void, onMissed: () => void): Promise<() => void>;
  /** Told when it can be used again: what others were to be told meanwhile, they were not. @returns what ends it. */
  onRecovered(listener: () => void): () => void;
  /** Whether all that is needed of it works: scripts, keys, memory and channels. */
  isUp(): boolean;
  close(): void;
}

const COMMAND_TIMEOUT_MS = 50;

/** By when a trial follows what is no outage yet, in milliseconds. */
const DOUBT_MS = 1_000;
const MIN_RETRY_MS = 100;
const MAX_RETRY_MS = 1_000;

/** Trials without an answer until the connection is made anew: the system would wait a quarter of an hour for it. */
const RENEW_AFTER = 5;

/**
 * @param url One that `parseRedisUrl` knows.
 * @param onState Told why it cannot be used, each reason once until it can; undefined when it can.
 * @param ca PEM of the authorities that are trusted in place of the system's.
 * @param onCommand Told of each command that was sent, and how long its answer took.
 */
export function createRedis(
  url: string,
  onState: (reason: string | undefined) => void,
  ca?: string,
  onCommand?: (outcome: CommandOutcome, durationMs: number) => void,
): SharedRedis {
  const address = parseRedisUrl(url);
  if (address === undefined) throw new Error('the URL of Redis is none');
  const clients = createClients(address, {
    ca,
    retryDelayMs: () => Math.min(Math.max(health.illMs / 2, MIN_RETRY_MS), MAX_RETRY_MS),
    onMoved: () => health.moved(),
  });
  const { commands, subscriber } = clients;
  const channels = new Channels(subscriber, COMMAND_TIMEOUT_MS);
  const recoveredListeners = new Set<() => void>();
  /** Why the last connection of each was closed, or could not be made. Each has its own: one may stand while the other is refused. */
  const reasons = new Map<unknown, string>();
  const whyClosed = (client: unknown) => reasons.get(client) ?? NOT_CONNECTED;
  const isReady = () => subscriber.status === 'ready';
  const tryAll = createTrial(commands, channels, COMMAND_TIMEOUT_MS);
  const health: Health = new Health({
    async trial() {
      const outcome = await tryAll().catch((error: unknown) => error);
      // A connection that is refused is closed a moment later, and commands fail of that: the refusal is why.
      const [refusal = outcome] = handshakeRefusals.values();
      if (refusal !== undefined) throw refusal;
    },
    disconnection() {
      if (commands.status !== 'ready') return whyClosed(commands);
      return isReady() ? undefined : whyClosed(subscriber);
    },
    renew() {
      for (const client of [commands, subscriber]) if (client.status === 'ready') client.disconnect(true);
    },
    // Sentinels know of another server before long.
    renewAfter: address.primary === undefined ? RENEW_AFTER : 1,
    onState,
    onRecovered: () => {
      for (const listener of recoveredListeners) listener();
    },
  });

  /** Of what each connection began with, such as the choice of a database: without it, the rest would work elsewhere. */
  const handshakeRefusals = new Map<unknown, unknown>();
  for (const client of [commands, subscriber]) {
    client.on('connect', () => {
      handshakeRefusals.delete(client);
    });
    client.on('error', (error) => {
      reasons.set(client, reasonOf(error));
      if (isRefusal(error)) handshakeRefusals.set(client, error);
      // Where no Sentinel is found, no connection begins that could be closed.
      if (client.status === 'connecting') health.closed(whyClosed(client));
    });
    client.on('ready', () => {
      reasons.delete(client);
      health.connected();
    });
  }
  commands.on('close', () => health.closed(whyClosed(commands)));
  // One of a cluster's servers; where a replica takes over, it takes some time.
  commands.on('-node', () => health.tryIn(DOUBT_MS));
  // It may be back in a moment, or move to another server of the cluster.
  subscriber.on('close', () => (health.isWell ? health.tryIn(DOUBT_MS) : health.closed(whyClosed(subscriber))));
  subscriber.on('ready', subscribe);

  async function subscribe(): Promise<void> {
    await channels.subscribe().catch(note);
  }

  function note(error: unknown, onRefusal?: () => void): void {
    const refusal = refusalOf(error);
    if (refusal !== undefined) health.refused(refusal);
    else if (!isRefusal(error)) health.lost();
    else {
      onRefusal?.();
      // An unknown one may be about more than this key.
      if (!error.message.startsWith('WRONGTYPE')) health.tryIn(DOUBT_MS);
    }
  }

  async function send<T>(command: RedisCommand<T>, onRefusal?: () => void): Promise<T | undefined> {
    const sentAt = performance.now();
    try {
      const answer = await within(command(commands), COMMAND_TIMEOUT_MS);
      onCommand?.('answered', performance.now() - sentAt);
      return answer;
    } catch (error) {
      onCommand?.(isRefusal(error) ? 'refused' : 'lost', performance.now() - sentAt);
      note(error, onRefusal);
      return undefined;
    }
  }

  return {
    ask: (command, onRefusal) => (health.isUp ? send(command, onRefusal) : Promise.resolve(undefined)),
    tell(command) {
      if (health.isWell) void send(command);
    },
    async listen(channel, onMessage, onMissed) {
      channels.add(channel, onMessage, onMissed);
      if (isReady()) await subscribe();
      return () => channels.remove(channel, onMessage);
    },
    onRecovered(listener) {
      recoveredListeners.add(listener);
      return () => void recoveredListeners.delete(listener);
    },
    isUp: () => health.isUp,
    close() {
      health.stop();
      clients.close();
    },
  };
}
