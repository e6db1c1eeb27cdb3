// Subscribers over WebSockets, many of them on each: told of one Smart Invite each.

import { once } from 'node:events';
import { WebSocket } from 'ws';

export interface SocketSubscribersOptions {
  readonly port: number;
  readonly count: number;
  /** The id of the Smart Invite that the n-th subscriber watches. */
  readonly refOf: (n: number) => string;
  /** Told of every event. */
  readonly onEvent: (event: { smartInviteId: string; comment: string | null }) => void;
}

const ON_EACH = 50;

const QUERY = `subscription Live($refs: [InvitationRef!]!) {
  invitationChanged(refs: $refs) { status isStale ... on SmartInvite { smartInviteId recipient { comment } } }
}`;

interface Message {
  readonly id?: string;
  readonly type: string;
  readonly payload?: {
    readonly data: {
      invitationChanged: { smartInviteId: string; recipient: { comment: string | null } | null };
    } | null;
  };
}

/** Resolves when every subscriber has its current state. */
export async function subscribeOverSockets(options: SocketSubscribersOptions): Promise<{ stop(): Promise<void> }> {
  const sockets: WebSocket[] = [];
  for (let first = 0; first < options.count; first += ON_EACH) {
    sockets.push(await open(options, first, Math.min(ON_EACH, options.count - first)));
  }
  return {
    async stop() {
      const closed = sockets.map((socket) => once(socket, 'close'));
      for (const socket of sockets) socket.terminate();
      await Promise.all(closed);
    },
  };
}

async function open({ port, refOf, onEvent }: SocketSubscribersOptions, first: number, count: number) {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/graphql`, 'graphql-transport-ws');
  const waiting = new Set(Array.from({ length: count }, (_, n) => String(first + n)));
  const told = Promise.withResolvers<void>();
  // Of one that is told nothing, the benchmark ends with the reason.
  socket.on('error', told.reject);
  socket.on('close', (code) => told.reject(new Error(`a WebSocket was closed with ${code}`)));
  socket.on('message', (data) => {
    const { id = '', type, payload } = JSON.parse(String(data)) as Message;
    if (type === 'connection_ack') for (const one of waiting) subscribe(one);
    if (type === 'error' || type === 'complete') told.reject(new Error(`a subscription ended with ${String(data)}`));
    const changed = payload?.data?.invitationChanged;
    if (changed === undefined) return;
    onEvent({ smartInviteId: changed.smartInviteId, comment: changed.recipient?.comment ?? null });
    waiting.delete(id);
    if (waiting.size === 0) told.resolve();
  });
  function subscribe(id: string): void {
    const variables = { refs: [{ smartInvite: { smartInviteId: refOf(Number(id)) } }] };
    socket.send(JSON.stringify({ id, type: 'subscribe', payload: { query: QUERY, variables } }));
  }
  socket.on('open', () => socket.send('{"type":"connection_init"}'));
  await told.promise;
  return socket;
}
