// One connection that is set up, with undici's client over it. undici's own clients connect when they are called, and
// again where a connection has closed: then a call leaves later than it was paid for, unnoticed.
// This one makes no other connection: what is dispatched when its own has closed fails, unsent.

import type { Socket } from 'node:net';
import { Client } from 'undici';

export interface ConnectionOwner {
  /** The connection has closed, by whichever side. */
  closed(connection: Connection): void;
}

/** How long it may be idle, in milliseconds. */
const IDLE_MS = 30_000;

/**
 * Longest that it is used, in milliseconds: an address is looked up anew as often as names are commonly believed. Each
 * has a time of its own down to three quarters of that, or all that were made together would go together.
 */
const MAX_AGE_MS = 60_000;

export class Connection {
  readonly client: Client;
  readonly #socket: Socket;
  #isRetired = false;

  constructor(origin: string, socket: Socket, owner: ConnectionOwner) {
    this.#socket = socket;
    this.client = new Client(origin, {
      pipelining: 1,
      allowH2: false,
      connect: handOver(socket),
      // Each attempt has a timer of its own, that also bounds what undici's two do not: a drip.
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: IDLE_MS,
    });
    const ageing = setTimeout(() => this.retire(), MAX_AGE_MS * (1 - Math.random() / 4)).unref();
    socket.once('close', () => {
      clearTimeout(ageing);
      owner.closed(this);
      // undici is told of the same event, and has to be done with it.
      queueMicrotask(() => void this.client.destroy());
    });
  }

  /** Whether another call may be made on it. */
  get isUsable(): boolean {
    return !this.#isRetired && this.isOpen;
  }

  /** Asked while no answer is due. */
  get isOpen(): boolean {
    return isOpen(this.#socket);
  }

  /** No further call is made on it. */
  retire(): void {
    this.#isRetired = true;
    if (!this.isBusy) this.close();
  }

  /** Whether it is in a call's hands. */
  isBusy = false;

  close(): void {
    this.#socket.destroy();
  }
}

/** The connection had closed before the request was written. */
export class NotSent extends Error {
  override readonly name = 'NotSent';
}

const NOT_SENT = new NotSent('the connection had closed before');

/**
 * Neither side has begun to close it, and nothing has come unasked. A server that has waited long enough for a request
 * says so: that would be taken for the answer to the next one.
 */
function isOpen(socket: Socket): boolean {
  return socket.writable && socket.readableLength === 0;
}

function handOver(socket: Socket): NonNullable<Client.Options['connect']> {
  let isTaken = false;
  return (_, callback) => {
    const isGone = isTaken || !isOpen(socket);
    isTaken = true;
    // undici does not expect an answer at once.
    queueMicrotask(() => (isGone ? callback(NOT_SENT, null) : callback(null, socket)));
  };
}
