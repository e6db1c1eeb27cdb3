// Asks a server whether it is alive, again and again, and tells the longest that an answer took since it was last asked. It
// has a thread of its own, because to take a large answer holds up whoever takes it.

import { parentPort, workerData } from 'node:worker_threads';
import { ask } from './standstill.ts';

let longestMs = 0;
let isAsked = false;
parentPort?.on('message', () => {
  isAsked = true;
});

for (;;) {
  const startedAt = performance.now();
  await ask(workerData as string, 'GET', '/health');
  longestMs = Math.max(longestMs, performance.now() - startedAt);
  // What was sent while the server stood still has told for how long it did.
  if (!isAsked) continue;
  parentPort?.postMessage(longestMs);
  longestMs = 0;
  isAsked = false;
}
