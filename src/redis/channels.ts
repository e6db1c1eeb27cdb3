// The channels that are listened to, over one connection. Whenever it was lost, or a subscription was refused, listeners
// are told that they may have missed messages, as soon as they hear again.

import type { Redis } from 'ioredis';
import { within } from './reason.ts';

interface Listener {
  readonly onMessage: (message: string) => void;
  readonly onMissed: () => void;
  /** Whether messages arrive; undefined before it was tried. */
  hears: boolean | undefined;
}

export class Channels {
  readonly #subscriber: Redis;
  readonly #timeoutMs: number;
  readonly #listeners = new Map<string, Listener>();

  constructor(subscriber: Redis, timeoutMs: number) {
    this.#subscriber = subscriber;
    this.#timeoutMs = timeoutMs;
    subscriber.on('message', (channel, message) => this.#listeners.get(channel)?.onMessage(message));
    subscriber.on('close', () => this.#goDeaf());
  }

  add(channel: string, onMessage: (message: string) => void, onMissed: () => void): void {
    this.#listeners.set(channel, { onMessage, onMissed, hears: undefined });
  }

  /** Ends what `add` began with the same `onMessage`; not where another one has taken its place. */
  remove(channel: string, onMessage: Listener['onMessage']): void {
    if (this.#listeners.get(channel)?.onMessage !== onMessage) return;
    this.#listeners.delete(channel);
    // A connection that cannot be told now comes back without it, or is told what has no listener.
    this.#subscriber.unsubscribe(channel).catch(() => undefined);
  }

  /**
   * Subscribes to all that are not heard yet. The first is subscribed to each time, which tells whether the connection lives;
   * of many tenants there are thousands of others.
   * @throws Lost, or Redis' refusal.
   */
  async subscribe(): Promise<void> {
    const wanted = [...this.#listeners].filter(([, { hears }], n) => n === 0 || hears !== true);
    const listeners = wanted.map(([, listener]) => listener);
    try {
      await within(this.#subscriber.subscribe(...wanted.map(([channel]) => channel)), this.#timeoutMs);
    } catch (error) {
      for (const listener of listeners) listener.hears ??= false;
      throw error;
    }
    for (const listener of listeners) {
      const hasMissed = listener.hears === false;
      listener.hears = true;
      // Also where Redis comes up only after the start: what was seen until then was seen alone.
      if (hasMissed) listener.onMissed();
    }
  }

  #goDeaf(): void {
    for (const listener of this.#listeners.values()) listener.hears = false;
  }
}
