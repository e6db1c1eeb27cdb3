// Both providers for benchmarks, answering at once: bare sockets and fixed texts, so that they never are the bottleneck.

import { createServer, type Socket } from 'node:net';
import { inviteOf } from './invites.ts';

const REVIEW = (id: string) => `{"invitation_id":"${id}","status":"SENT"}`;

function serve(port: number, parameter: string, body: (id: string, request: string) => string): void {
  createServer((socket: Socket) => {
    socket.setNoDelay(true);
    let pending = '';
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk) => {
      const requests = (pending + chunk.toString('latin1')).split('\r\n\r\n');
      pending = requests.pop() ?? '';
      for (const request of requests) {
        const text = body(new RegExp(`[?&]${parameter}=([^& ]*)`).exec(request)?.[1] ?? '', request);
        socket.write(
          `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${text.length}\r\nconnection: keep-alive\r\n\r\n${text}`,
        );
      }
    });
  }).listen(port, '127.0.0.1');
}

const [partooPort, cronofyPort] = process.argv.slice(2).map(Number);
serve(partooPort ?? 0, 'invitation_id', REVIEW);
serve(cronofyPort ?? 0, 'smart_invite_id', (id, request) => inviteOf(id, request.includes('include_ics=true')));
