// Subscribers over SSE, many of them on bare sockets: each remembers when it was last told of an invitation.

import { connect, type Socket } from 'node:net';

export interface SubscribersOptions {
  readonly port: number;
  readonly count: number;
  /** The ids of the Smart Invites that the n-th subscriber watches. */
  readonly refs: (n: number) => readonly string[];
  /** Told of every event. */
  readonly onEvent: (event: { smartInviteId: string; comment: string | null }) => void;
}

export interface Subscribers {
  stop(): Promise<void>;
}

const QUERY = `subscription Live($refs: [InvitationRef!]!) {
  invitationChanged(refs: $refs) { status isStale ... on SmartInvite { smartInviteId recipient { comment } } }
}`;

/** Resolves when every subscriber has its current states. */
export async function subscribe(options: SubscribersOptions): Promise<Subscribers> {
  const sockets: Socket[] = [];

  const open = (n: number) =>
    new Promise<void>((resolve, reject) => {
      const refs = options.refs(n);
      const waiting = new Set(refs);
      const body = JSON.stringify({
        query: QUERY,
        variables: { refs: refs.map((smartInviteId) => ({ smartInvite: { smartInviteId } })) },
      });
      const socket = connect(options.port, '127.0.0.1', () =>
        socket.write(
          `POST /graphql HTTP/1.1\r\nhost: bench\r\naccept: text/event-stream\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
        ),
      );
      let pending = '';
      socket.on('error', reject);
      socket.on('data', (chunk) => {
        const parts = (pending + chunk.toString('latin1')).split('\n\n');
        pending = parts.pop() ?? '';
        for (const part of parts) {
          const at = part.indexOf('data: ');
          if (at < 0) continue;
          const { data } = JSON.parse(part.slice(at + 6).split('\r\n')[0] ?? '') as {
            data: { invitationChanged: { smartInviteId: string; recipient: { comment: string | null } | null } } | null;
          };
          if (data === null) continue;
          const { smartInviteId, recipient } = data.invitationChanged;
          waiting.delete(smartInviteId);
          if (waiting.size === 0) resolve();
          options.onEvent({ smartInviteId, comment: recipient?.comment ?? null });
        }
      });
      sockets.push(socket);
    });

  for (let n = 0; n < options.count; n += 50) {
    await Promise.all(Array.from({ length: Math.min(50, options.count - n) }, (_, i) => open(n + i)));
  }
  return {
    async stop() {
      await Promise.all(
        sockets.map(
          (socket) =>
            new Promise<void>((resolve) => {
              socket.once('close', () => resolve());
              socket.destroy();
            }),
        ),
      );
    },
  };
}
