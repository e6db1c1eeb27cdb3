// The connections of one account: so many calls at once, each on a connection of its own that is kept alive, and a line
// of calls that wait for one. It holds undici's clients itself, because the next call can then be handed a connection
// in the moment that it is free: one that was idle even for a moment undici looks at for a turn of the event loop before
// it writes (its Pool always lets them idle).

import { Client } from 'undici';

/** An attempt that wants a connection. */
export interface Waiter {
  readonly origin: string;
  /** It may call now. A connection that was used before may have been closed by the other side just now. */
  begin(client: Client, isReused: boolean): void;
}

export interface Connections {
  /** Begins at once, or when its turn comes. */
  enter(waiter: Waiter): void;
  /** It waits no longer. */
  leave(waiter: Waiter): void;
  /** The attempt has ended: the next in line begins. */
  release(origin: string, client: Client): void;
  /** A new connection for a call that goes on, in exchange for the one that it had, which is given up. */
  exchange(origin: string, client: Client): Client;
  /** The length of the line. */
  waiting(): number;
  close(): Promise<void>;
}

export interface ConnectionLimits {
  readonly maxInFlight: number;
  readonly connectTimeoutMs: number;
}

export function createConnections({ maxInFlight, connectTimeoutMs }: ConnectionLimits): Connections {
  const clients = new Set<Client>();
  const idle = new Map<string, Client[]>();
  const line: Waiter[] = [];
  let inFlight = 0;

  function connect(origin: string): Client {
    const client = new Client(origin, {
      pipelining: 1,
      connect: { timeout: connectTimeoutMs },
      // Each attempt has a timer of its own, that also bounds what undici's two do not: a drip.
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: 30_000,
    });
    clients.add(client);
    return client;
  }

  function idleOf(origin: string): Client[] {
    const list = idle.get(origin) ?? [];
    if (list.length === 0) idle.set(origin, list);
    return list;
  }

  // The one used last comes first: so that few stay warm and the others close by themselves.
  function give(waiter: Waiter): void {
    const kept = idleOf(waiter.origin).pop();
    waiter.begin(kept ?? connect(waiter.origin), kept !== undefined);
  }

  return {
    enter(waiter) {
      if (inFlight >= maxInFlight) {
        line.push(waiter);
        return;
      }
      inFlight += 1;
      give(waiter);
    },
    leave(waiter) {
      const place = line.indexOf(waiter);
      if (place >= 0) line.splice(place, 1);
    },
    release(origin, client) {
      const next = line.shift();
      if (next?.origin === origin) {
        next.begin(client, true);
        return;
      }
      idleOf(origin).push(client);
      if (next === undefined) inFlight -= 1;
      else give(next);
    },
    exchange(origin, client) {
      clients.delete(client);
      // Not within its own error.
      queueMicrotask(() => void client.destroy());
      return connect(origin);
    },
    waiting: () => line.length,
    async close() {
      await Promise.all([...clients].map((client) => client.destroy()));
    },
  };
}
