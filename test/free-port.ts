// A port of loopback that was free a moment ago, for a program that has to be told its own. It is none of those that the system
// gives to outgoing connections (32768 and above by default), which may take it before the program does; nor is the port
// 10,000 above it, at which servers of a Redis cluster talk to each other.

import { once } from 'node:events';
import { createServer } from 'node:net';

const FIRST = 19_000;
const COUNT = 3_700;

export async function freePort(): Promise<number> {
  while (true) {
    const port = FIRST + Math.floor(Math.random() * COUNT);
    const server = createServer().listen(port, '127.0.0.1');
    const isFree = await Promise.race([
      once(server, 'listening').then(() => true),
      new Promise<false>((resolve) => server.once('error', () => resolve(false))),
    ]).catch(() => false);
    if (!isFree) continue;
    server.close();
    await once(server, 'close');
    return port;
  }
}
