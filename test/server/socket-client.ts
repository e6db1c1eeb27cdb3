// A client of the graphql-transport-ws protocol that sends what a test tells it to, to the letter, and keeps whatever
// comes back.

import { once } from 'node:events';
import { onTestFinished, vi } from 'vitest';
import { WebSocket } from 'ws';

export interface SocketMessage {
  readonly type: string;
  readonly id?: string;
  // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever its operation asked for
  readonly payload?: any;
}

export interface SocketClient {
  readonly socket: WebSocket;
  /** Every message after the acknowledgement. */
  readonly messages: readonly SocketMessage[];
  /** With which code, once the gateway has closed it. */
  readonly closed: Promise<number>;
  send(message: object): void;
  subscribe(id: string, payload: object): void;
  /** What was said of an operation, once it is over: completed, or an error in its place. */
  outcomeOf(id: string): Promise<readonly SocketMessage[]>;
  /** What was said of an operation, once it is so many messages. */
  first(count: number, id: string): Promise<readonly SocketMessage[]>;
}

const PATIENCE = { interval: 5 };

/** Is acknowledged when this resolves; leaves by itself when the test is over. */
export async function openSocket(origin: string): Promise<SocketClient> {
  const socket = new WebSocket(`${origin.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
  onTestFinished(() => socket.terminate());
  const messages: SocketMessage[] = [];
  const closed = Promise.withResolvers<number>();
  socket.on('message', (data) => messages.push(JSON.parse(String(data))));
  socket.on('close', (code) => closed.resolve(code));
  // Of a connection that is cut, its close is enough.
  socket.on('error', () => undefined);
  await once(socket, 'open');
  socket.send('{"type":"connection_init"}');
  await vi.waitUntil(() => messages.shift()?.type === 'connection_ack', PATIENCE);

  const send = (message: object) => socket.send(JSON.stringify(message));
  const of = (id: string) => messages.filter((message) => message.id === id);
  return {
    socket,
    messages,
    closed: closed.promise,
    send,
    subscribe: (id, payload) => send({ id, type: 'subscribe', payload }),
    async outcomeOf(id) {
      await vi.waitUntil(() => of(id).some(({ type }) => type === 'complete' || type === 'error'), PATIENCE);
      return of(id);
    },
    async first(count, id) {
      await vi.waitUntil(() => of(id).length >= count, PATIENCE);
      return of(id);
    },
  };
}
