// Both providers for benchmarks, answering at once: bare sockets and fixed texts, so that they never are the bottleneck.

import { createServer, type Socket } from 'node:net';

const REVIEW = (id: string) => `{"invitation_id":"${id}","status":"SENT"}`;
const TIME = '{"time":"2026-12-04T09:30:00+01:00","tzid":"Europe/Paris"}';
const INVITE = (id: string) =>
  `{"recipient":{"email":"${id}@example.com","status":"pending"},"replies":[{"email":"other@example.com","status":"accepted","comment":"See you there."}],"smart_invite_id":"${id}","callback_url":"https://app.example.com/notifications","event":{"summary":"Board meeting","description":"Discuss plans for the next quarter.","start":${TIME},"end":${TIME},"location":{"description":"Board room"}}}`;

function serve(port: number, parameter: string, body: (id: string) => string): void {
  createServer((socket: Socket) => {
    socket.setNoDelay(true);
    let pending = '';
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk) => {
      const requests = (pending + chunk.toString('latin1')).split('\r\n\r\n');
      pending = requests.pop() ?? '';
      for (const request of requests) {
        const text = body(new RegExp(`[?&]${parameter}=([^& ]*)`).exec(request)?.[1] ?? '');
        socket.write(
          `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${text.length}\r\nconnection: keep-alive\r\n\r\n${text}`,
        );
      }
    });
  }).listen(port, '127.0.0.1');
}

const [partooPort, cronofyPort] = process.argv.slice(2).map(Number);
serve(partooPort ?? 0, 'invitation_id', REVIEW);
serve(cronofyPort ?? 0, 'smart_invite_id', INVITE);
