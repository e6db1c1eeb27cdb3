// What counts where servers take turns on one core: how many operations each answers in a second of processor time, because
// processes in turn get unlike shares of a core.

import type { ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { cpuSeconds } from './processes.ts';
import type { WrkResult } from './wrk.ts';

/** @throws Error where an answer was not right. */
export async function perProcessorSecond(server: ChildProcess, ask: () => Promise<WrkResult>): Promise<number> {
  const before = cpuSeconds(server);
  const { perSecond, seconds, failures } = await ask();
  if (failures > 0) throw new Error(`${failures} answers were not right`);
  // What is done and sent afterwards belongs to it.
  await sleep(100);
  return (perSecond * seconds) / (cpuSeconds(server) - before);
}
