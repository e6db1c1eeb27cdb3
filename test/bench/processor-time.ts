// What counts where servers share one core, by turns or at the same time: how many operations each answers in a second of
// processor time, because processes get unlike shares of a core.

import type { ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { cpuSeconds } from './processes.ts';
import type { WrkResult } from './wrk.ts';

export interface Turn {
  /** Answers in a second of processor time. */
  readonly perSecond: number;
  /** The part of the core that the server had. */
  readonly busy: number;
  readonly p99Ms: number;
}

/** @throws Error where an answer was not right. */
export async function turnOf(server: ChildProcess, ask: () => Promise<WrkResult>): Promise<Turn> {
  const before = cpuSeconds(server);
  const { perSecond, seconds, failures, p99Ms } = await ask();
  if (failures > 0) throw new Error(`${failures} answers were not right`);
  // What is done and sent afterwards belongs to it.
  await sleep(100);
  const used = cpuSeconds(server) - before;
  return { perSecond: (perSecond * seconds) / used, busy: used / seconds, p99Ms };
}

/** The first of these alone. */
export async function perProcessorSecond(server: ChildProcess, ask: () => Promise<WrkResult>): Promise<number> {
  return (await turnOf(server, ask)).perSecond;
}
