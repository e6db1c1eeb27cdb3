// The gateway, in a process that tells on request what it holds on to: a line of JSON on standard output for every
// SIGUSR2, taken after the garbage is collected.

import { readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { startGateway } from '../../src/gateway.ts';
import { readSettings } from '../../src/settings.ts';
import { createLog } from '../../src/telemetry/log.ts';

/** What a process holds on to. */
export interface Held {
  readonly heapMegabytes: number;
  readonly sockets: number;
  readonly timers: number;
  readonly rejections: number;
  /** Open files and sockets. */
  readonly descriptors: number;
  /** Warnings of Node: of listeners that pile up, say. */
  readonly warnings: number;
}

if (import.meta.main) {
  // By a flag of V8 that is set here, so that node needs no other command line.
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  if (typeof collect !== 'function') throw new Error('there is no garbage collector to call');

  let rejections = 0;
  process.on('unhandledRejection', () => {
    rejections += 1;
  });
  let warnings = 0;
  process.on('warning', () => {
    warnings += 1;
  });
  await startGateway(readSettings(process.env), createLog('silent'));

  process.on('SIGUSR2', async () => {
    // What the first round lets go of, the second collects.
    for (let n = 0; n < 2; n++) {
      collect();
      await sleep(50);
    }
    const resources = process.getActiveResourcesInfo();
    const count = (name: string) => resources.filter((resource) => resource === name).length;
    const held: Held = {
      heapMegabytes: process.memoryUsage().heapUsed / 1024 / 1024,
      sockets: count('TCPSocketWrap'),
      timers: count('Timeout'),
      rejections,
      descriptors: readdirSync('/proc/self/fd').length,
      warnings,
    };
    process.stdout.write(`${JSON.stringify(held)}\n`);
  });
}
