// One WebSocket between graphql-ws and ws, with its limits: what waits to be written, how often and how much the other
// side may send, and until when. A socket that is closed gives back everything at once, also where the other side never
// closes it.

import type { Server as Protocol } from 'graphql-ws';
import type { WebSocket } from 'ws';
import { EXPIRED, type Refusal } from '../access/refusal.ts';
import type { Viewer } from '../access/viewer.ts';
import type { MaybePromise } from '../operations/answer.ts';
import { hasExpired, onExpiry } from './expiry.ts';
import { closingOf } from './refusals.ts';
import { type Incoming, SocketIds } from './socket-ids.ts';
import type { SocketOperations } from './socket-operations.ts';

export interface Extra extends Record<PropertyKey, unknown> {
  readonly operations: SocketOperations;
  /** Admits the client by the payload of its `connection_init`, or closes the socket. */
  readonly enter: (payload: ConnectionInit) => Promise<void>;
}

/** What a viewer has with the gateway over one socket. */
export interface Session {
  /** Closes it where the viewer's key or tenant has gone; nothing is completed, so that the client goes on with a token shown again. */
  endIfOutdated(): void;
}

export type ConnectionInit = Readonly<Record<string, unknown>> | undefined;

/**
 * Most bytes that wait for a reader: the largest answer (4 MB of invitations, 4 MB of other fields, 1 MB of errors), or two
 * whose invitations weigh the most.
 */
const MAX_WAITING_BYTES = 10 * 1024 * 1024;

/** A reader that has so many bytes before it is answered no pings. */
const MAX_WAITING_BYTES_FOR_PONG = 64 * 1024;

/** What a socket may send in a burst, and how fast that comes back. */
const MAX_MESSAGES = 500;
const MESSAGES_PER_SECOND = 50;
const MAX_BYTES = 4 * 1024 * 1024;
const BYTES_PER_SECOND = 200 * 1024;

/** How long the other side may take to close a socket that we have closed. */
const CLOSING_MS = 1_000;

/** graphql-ws's client connects anew, and asks its page for a token then. */
const SHOW_AGAIN = 4403;
const ALREADY_EXISTS = 4409;
const INTERNAL_ERROR = 4500;
const TOO_MUCH = 1008;

export function connect(
  protocol: Protocol<Extra>,
  socket: WebSocket,
  admit: (payload: ConnectionInit) => MaybePromise<Viewer | Refusal>,
  operations: SocketOperations,
  onFault: (error: unknown) => void,
): Session {
  const ids = new SocketIds();
  let allowedMessages = MAX_MESSAGES;
  let allowedBytes = MAX_BYTES;
  let filledAt = performance.now();
  let isClosed = false;
  let viewer: Viewer | undefined;
  let expiresAt = Number.POSITIVE_INFINITY;
  let cancelExpiry = () => {};
  // graphql-ws may close a socket before it says how it is told of that: one that does not speak its protocol.
  let closed: ReturnType<Protocol<Extra>['opened']> = () => Promise.resolve();

  async function enter(payload: ConnectionInit): Promise<void> {
    const admitted = await admit(payload);
    if (isClosed) return;
    if ('reason' in admitted) return refuse(admitted);
    // It was replaced in the meantime.
    if (!admitted.isCurrent()) return refuse(EXPIRED);
    operations.admitted(admitted);
    viewer = admitted;
    expiresAt = admitted.expiresAt;
    cancelExpiry = onExpiry(expiresAt, () => refuse(EXPIRED));
  }

  /** Whether one more message of so many bytes may come. */
  function take(bytes: number): boolean {
    const now = performance.now();
    const seconds = (now - filledAt) / 1_000;
    filledAt = now;
    allowedMessages = Math.min(MAX_MESSAGES, allowedMessages + seconds * MESSAGES_PER_SECOND) - 1;
    allowedBytes = Math.min(MAX_BYTES, allowedBytes + seconds * BYTES_PER_SECOND) - bytes;
    return allowedMessages >= 0 && allowedBytes >= 0;
  }

  // Nothing that was subscribed to is completed: that would be its end to the client, which is to go on with a new token.
  function refuse(refusal: Refusal): void {
    const { code, reason } = closingOf(refusal);
    close(code, reason);
  }

  function close(code: number, reason: string): void {
    socket.close(code, reason);
    setTimeout(() => socket.terminate(), CLOSING_MS).unref();
    end(code, reason);
  }

  function end(code: number, reason: string): void {
    if (isClosed) return;
    isClosed = true;
    cancelExpiry();
    operations.endAll();
    closed(code, reason).catch(onFault);
  }

  const send = (data: string) => {
    if (hasExpired(expiresAt)) refuse(EXPIRED);
    if (socket.readyState !== socket.OPEN) return Promise.resolve();
    if (socket.bufferedAmount + data.length > MAX_WAITING_BYTES) {
      socket.terminate();
      return Promise.resolve();
    }
    const message = ids.theirs(data);
    if (message === undefined) return Promise.resolve();
    // A client that has gone gets no message, and that is no fault.
    return new Promise<void>((resolve) => socket.send(message, () => resolve()));
  };

  const pong = () => {
    if (socket.bufferedAmount > MAX_WAITING_BYTES_FOR_PONG) socket.terminate();
    else void send('{"type":"pong"}');
  };

  let receive: (message: Incoming) => Promise<void> = () => Promise.resolve();
  closed = protocol.opened(
    {
      protocol: socket.protocol,
      send,
      close,
      onMessage: (callback) => {
        // It is declared to take texts, and takes what they hold as well.
        receive = callback as typeof receive;
      },
      onPing: pong,
    },
    { operations, enter },
  );

  socket.on('message', (data: Buffer, isBinary: boolean) => {
    if (isClosed) return;
    if (hasExpired(expiresAt)) return refuse(EXPIRED);
    if (!take(data.length)) return close(TOO_MUCH, 'Too much was sent: send less at once.');
    if (isBinary) return close(4400, 'Invalid message received');
    const message = ids.own(String(data));
    if (message === undefined) return close(ALREADY_EXISTS, 'Subscriber for this id already exists');
    receive(message).catch((error: unknown) => {
      onFault(error);
      close(INTERNAL_ERROR, 'Internal server error');
    });
    operations.endCompleted();
  });
  socket.on('ping', (data: Buffer) => {
    if (!take(data.length) || socket.bufferedAmount > MAX_WAITING_BYTES_FOR_PONG) socket.terminate();
    else socket.pong(data);
  });
  socket.on('pong', (data: Buffer) => {
    if (!take(data.length)) socket.terminate();
  });
  // Such as a frame that is too large: ws closes it with its code.
  socket.on('error', () => end(1006, ''));
  socket.once('close', (code, reason) => end(code, String(reason)));
  return {
    endIfOutdated() {
      if (viewer?.isCurrent() === false) close(SHOW_AGAIN, 'Keys or tenants have changed: show the token again');
    },
  };
}
