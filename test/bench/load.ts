// A load of HTTP POSTs over kept-alive bare sockets, as many at once as there are connections, each body made anew.

import { connect } from 'node:net';

export interface LoadOptions {
  readonly port: number;
  readonly path: string;
  readonly connections: number;
  readonly durationMs: number;
  /** The n-th request's body. */
  readonly body: (n: number) => string;
}

export interface LoadResult {
  readonly perSecond: number;
  readonly failures: number;
  /** For how long the load was there. */
  readonly seconds: number;
}

export async function load(options: LoadOptions): Promise<LoadResult> {
  let done = 0;
  let failures = 0;
  let sent = 0;
  const until = performance.now() + options.durationMs;

  const worker = () =>
    new Promise<void>((resolve, reject) => {
      const socket = connect(options.port, '127.0.0.1');
      socket.setNoDelay(true);
      let received = '';
      const send = () => {
        const body = options.body(sent++);
        socket.write(
          `POST ${options.path} HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
        );
      };
      socket.on('connect', send);
      socket.on('error', reject);
      socket.on('close', () => reject(new Error('the server closed a connection before it had answered')));
      socket.on('data', (chunk) => {
        received += chunk.toString('latin1');
        const head = received.indexOf('\r\n\r\n');
        if (head < 0) return;
        const length = Number(/content-length: (\d+)/i.exec(received.slice(0, head))?.[1]);
        if (Number.isNaN(length)) return reject(new Error('an answer does not tell its length'));
        if (received.length < head + 4 + length) return;
        if (!received.startsWith('HTTP/1.1 200') || received.includes('"errors"')) failures += 1;
        received = '';
        done += 1;
        if (performance.now() < until) return send();
        socket.end();
        resolve();
      });
    });

  const startedAt = performance.now();
  await Promise.all(Array.from({ length: options.connections }, worker));
  const seconds = (performance.now() - startedAt) / 1_000;
  return { perSecond: done / seconds, failures, seconds };
}
