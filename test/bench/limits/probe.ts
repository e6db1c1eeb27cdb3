// Asks a server whether it is alive, again and again, and tells the longest that an answer took since it was last asked. It
// has a thread of its own, because to take a large answer holds up whoever takes it.

import { readFileSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { ask } from './standstill.ts';

const { origin, pid } = workerData as { readonly origin: string; readonly pid: number };

/** For how long the server's main thread has waited for a processor, in milliseconds: the second figure, in nanoseconds. */
function waitedMs(): number {
  return Number(readFileSync(`/proc/${pid}/task/${pid}/schedstat`, 'utf8').split(' ')[1]) / 1e6;
}

let longestMs = 0;
let isAsked = false;
parentPort?.on('message', () => {
  isAsked = true;
});

for (;;) {
  const [startedAt, waitedBefore] = [performance.now(), waitedMs()];
  // Where none comes, whoever asked for the operation says so.
  await ask(origin, 'GET', '/health').catch(() => undefined);
  longestMs = Math.max(longestMs, performance.now() - startedAt - (waitedMs() - waitedBefore));
  // What was sent while the server stood still has told for how long it did.
  if (!isAsked) continue;
  parentPort?.postMessage(longestMs);
  longestMs = 0;
  isAsked = false;
}
