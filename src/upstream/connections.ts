// The connections to one origin: so many calls at once, each on a connection of its own that is kept alive, and a line of
// calls that wait for one. A call is handed a connection that is set up. It holds undici's clients itself, because the
// next call can then be handed a connection in the moment that it is free: one that was idle even for a moment undici
// looks at for a turn of the event loop before it writes (its Pool always lets them idle).

import { Connection, type ConnectionOwner } from './connection.ts';
import type { Connector } from './connector.ts';
import type { Payment } from './payment.ts';

/** An attempt that wants a connection. */
export interface Waiter {
  /** How it is paid for; undefined where nothing counts it. */
  readonly payment: Payment | undefined;
  /** It may call now. A connection that was used before may have been closed by the other side just now. */
  begin(connection: Connection, isReused: boolean): void;
  /** There was no connection to be had; it has no place any more. */
  notConnected(error: Error): void;
}

export interface Connections {
  /** Begins at once, or when its turn comes. */
  enter(waiter: Waiter): void;
  /** It waits no longer for its turn. */
  leave(waiter: Waiter): void;
  /** The attempt has ended: the next in line begins. */
  release(connection: Connection): void;
  /** A new connection for an attempt that goes on, in exchange for the one that it had, which is given up. */
  exchange(waiter: Waiter, connection: Connection): void;
  /** No further call is made on any connection there is now: the next one looks the name up again. */
  renew(): void;
  /** How those in the line are paid for. */
  waiting(): readonly Pick<Waiter, 'payment'>[];
  close(): void;
}

export function createConnections(origin: string, connect: Connector, maxInFlight: number): Connections {
  const open = new Set<Connection>();
  const idle: Connection[] = [];
  const line: Waiter[] = [];
  const owner: ConnectionOwner = { closed };
  let inFlight = 0;
  let isClosed = false;
  /** How often all connections were given up. */
  let renewals = 0;

  function closed(connection: Connection): void {
    open.delete(connection);
    const place = idle.indexOf(connection);
    if (place >= 0) idle.splice(place, 1);
  }

  // The one used last comes first: so that few stay warm and the others close by themselves.
  function give(waiter: Waiter): void {
    for (let kept = idle.pop(); kept !== undefined; kept = idle.pop()) {
      if (!kept.isUsable) continue;
      kept.isBusy = true;
      waiter.begin(kept, true);
      return;
    }
    connectFor(waiter);
  }

  function connectFor(waiter: Waiter): void {
    const begunAt = renewals;
    connect((error, socket) => {
      if (error !== null) {
        waiter.notConnected(error);
        serveNext();
        return;
      }
      const connection = new Connection(origin, socket, owner);
      open.add(connection);
      connection.isBusy = true;
      // The name was looked up before: good for this call, but for no other.
      if (begunAt !== renewals) connection.retire();
      if (isClosed) connection.close();
      waiter.begin(connection, false);
    });
  }

  function serveNext(): void {
    const next = line.shift();
    if (next === undefined) inFlight -= 1;
    else give(next);
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
    release(connection) {
      if (!connection.isUsable) {
        connection.isBusy = false;
        connection.close();
        serveNext();
        return;
      }
      const next = line.shift();
      if (next !== undefined) {
        next.begin(connection, true);
        return;
      }
      connection.isBusy = false;
      idle.push(connection);
      inFlight -= 1;
    },
    exchange(waiter, connection) {
      connection.isBusy = false;
      // Not within its own error.
      queueMicrotask(() => connection.close());
      connectFor(waiter);
    },
    renew() {
      renewals += 1;
      for (const connection of open) connection.retire();
    },
    waiting: () => line,
    close() {
      isClosed = true;
      for (const connection of open) connection.close();
    },
  };
}
