// What several gateway processes share, through one Redis (or Valkey). It is never relied upon: a command that fails or
// takes too long gives nothing, and each of its users has an answer of its own for that case. The process then pings
// Redis, and sends no command from the first lost ping until one is answered: a hung Redis delays a caller by two timeouts
// at most.

import { setTimeout as sleep } from 'node:timers/promises';
import { Redis, ReplyError } from 'ioredis';

export interface SharedRedis {
  /**
   * What the command gives, or undefined where Redis cannot be asked now, or refuses: then something else than ours
   * stands under the key.
   */
  ask<T>(command: (redis: Redis) => Promise<T>, onRefusal?: () => void): Promise<T | undefined>;
  /** Told of every message of a channel, and whenever messages may have been missed. */
  listen(channel: string, onMessage: (message: string) => void, onMissed: () => void): Promise<void>;
  /** Told when it answers again after commands have been lost: what others were to be told, they were not. */
  onRecovered(listener: () => void): void;
  isUp(): boolean;
  close(): void;
}

const COMMAND_TIMEOUT_MS = 50;
const PROBE_MS = 1_000;
const PROBES_A_CONNECTION = 5;
const MAX_RECONNECT_MS = 1_000;

/** @param onState Told when it comes and goes. */
export function createRedis(url: string, onState: (isUp: boolean) => void): SharedRedis {
  const options = {
    commandTimeout: COMMAND_TIMEOUT_MS,
    connectTimeout: 1_000,
    maxRetriesPerRequest: 1,
    enableOfflineQueue: false,
    // Notices a server that vanishes without closing the connection, also while no command is sent.
    keepAlive: 5_000,
    retryStrategy: (times: number) => Math.min(times * 100, MAX_RECONNECT_MS),
  };
  const commands = new Redis(url, options);
  // A subscription is silent by nature, so nothing of it may time out.
  const { commandTimeout, ...patient } = options;
  const subscriber = new Redis(url, { ...patient, autoResubscribe: false });
  const recoveredListeners: (() => void)[] = [];
  let isUp: boolean | undefined;
  let isProbing = false;

  function setState(next: boolean): void {
    if (next === isUp) return;
    const isBack = next && isUp === false;
    isUp = next;
    onState(next);
    if (isBack) for (const listener of recoveredListeners) listener();
  }

  /** A command was lost: the server hangs, or this process was late itself. No command is sent until it answers. */
  async function probe(): Promise<void> {
    if (isProbing) return;
    isProbing = true;
    for (let lost = 1; commands.status === 'ready' && !(await answers()); lost++) {
      setState(false);
      // What hangs may have vanished: the system would wait a quarter of an hour for it.
      if (lost % PROBES_A_CONNECTION === 0) commands.disconnect(true);
      await sleep(PROBE_MS, undefined, { ref: false });
    }
    isProbing = false;
    if (commands.status === 'ready') setState(true);
  }

  async function answers(): Promise<boolean> {
    try {
      await commands.ping();
      return true;
    } catch {
      return false;
    }
  }

  commands.on('ready', () => setState(true));
  commands.on('close', () => setState(false));
  // What went wrong shows in the state; an error event without a listener would end the process.
  commands.on('error', () => undefined);
  subscriber.on('error', () => undefined);

  return {
    async ask(command, onRefusal) {
      if (!isUp) return undefined;
      try {
        return await command(commands);
      } catch (error) {
        if (error instanceof ReplyError) onRefusal?.();
        else void probe();
        return undefined;
      }
    },
    async listen(channel, onMessage, onMissed) {
      let isFirst = true;
      subscriber.on('message', (from, message) => {
        if (from === channel) onMessage(message);
      });
      const subscribe = async () => {
        try {
          await subscriber.subscribe(channel);
          // Also where it comes up only after the start: what was seen until then was seen alone.
          if (!isFirst) onMissed();
          isFirst = false;
        } catch {
          // It is ready again before long, and this is tried again then.
        }
      };
      subscriber.on('ready', subscribe);
      subscriber.on('close', () => {
        isFirst = false;
      });
      if (subscriber.status === 'ready') await subscribe();
    },
    onRecovered: (listener) => void recoveredListeners.push(listener),
    isUp: () => isUp === true,
    close() {
      commands.disconnect();
      subscriber.disconnect();
    },
  };
}
