// A port of loopback that was free a moment ago, for a program that has to be told its own. It is none of those that the system
// gives to outgoing connections (32768 and above by default), which may take it before the program does; nor is the port
// 10,000 above it, at which servers of a Redis cluster talk to each other. Each worker of Vitest has ports of its own, and gives
// each of them once: two that ask at the same moment would find the same one free.

import { once } from 'node:events';
import { createServer } from 'node:net';

const COUNT = 900;
const WORKERS = 4;
const FIRST = 19_000 + COUNT * (Number(process.env.VITEST_POOL_ID ?? 0) % WORKERS);

const given = new Set<number>();

export async function freePort(): Promise<number> {
  while (true) {
    const port = FIRST + Math.floor(Math.random() * COUNT);
    if (given.has(port)) continue;
    given.add(port);
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
