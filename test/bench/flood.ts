// One client repeats a known document while another sends new documents all the time: how many operations a second the
// gateway answers, against how many while the other client sends as many of one known document. The two take turns at
// one process.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { HOT } from './cases.ts';
import { middle, percent } from './figures.ts';
import type { Flood, Flooded } from './flood-sender.ts';
import { cpuSeconds, residentMegabytes } from './processes.ts';
import { OTHER_CORE, PORTS } from './servers.ts';
import { wrk } from './wrk.ts';

const FLOOR = 0.9;
const PER_SECOND = 500;
/** Turns that count: a turn in which fewer documents came does not. */
const TURNS = 21;
const MAX_TURNS = 42;
const TURN_MS = 1_000;

/** @returns whether the ratio holds. */
export async function flood(gateway: ChildProcess): Promise<boolean> {
  const { connections } = HOT;
  const bodies = HOT.bodies.graphql;
  let made = 0;
  const turn = async (documents: 'new' | 'known') => {
    const flooding = await startFlood(PORTS.graphql, PER_SECOND, documents, made);
    const cpu = cpuSeconds(gateway);
    const load = { port: PORTS.graphql, connections, durationMs: TURN_MS, bodies, core: OTHER_CORE };
    const result = await wrk(load).catch(async (error: unknown) => {
      await flooding.stop();
      throw error;
    });
    const busy = (cpuSeconds(gateway) - cpu) / result.seconds;
    const { sent, perSecond } = await flooding.stop();
    made += sent;
    if (result.failures > 0) throw new Error(`${result.failures} answers were not right`);
    return { perSecond: result.perSecond, busy, isFlooded: perSecond >= 0.95 * PER_SECOND };
  };

  await turn('known');
  await turn('new');
  const before = residentMegabytes(gateway).now;
  const turns = [];
  let pairs = 0;
  for (; pairs < MAX_TURNS && turns.length < TURNS; pairs++) {
    const known = await turn('known');
    const anew = await turn('new');
    if (known.isFlooded && anew.isFlooded) turns.push({ known, anew, ratio: anew.perSecond / known.perSecond });
  }
  if (turns.length < TURNS) throw new Error(`the documents came fast enough in only ${turns.length} of ${pairs} turns`);
  const after = residentMegabytes(gateway).now;
  const { known, anew, ratio } = middle(turns, (each) => each.ratio);
  console.log(
    `${HOT.name}, beside ${PER_SECOND} new documents a second: ${anew.perSecond.toFixed(0)}/s against ${known.perSecond.toFixed(0)}/s beside as many of one document = ${ratio.toFixed(2)} × (at least ${FLOOR.toFixed(2)} ×; the core was busy ${percent(anew.busy)} and ${percent(known.busy)} of the time)`,
  );
  console.log(`  memory before and after ${made} documents: ${before.toFixed(0)} MB and ${after.toFixed(0)} MB`);
  return ratio >= FLOOR;
}

/**
 * Sends so many requests a second until it is stopped, on the load's core alone and behind wrk.
 * @param from How many were sent before: each is another one.
 */
export async function startFlood(
  port: number,
  perSecond: number,
  kind: Flood,
  from: number,
): Promise<{ stop(): Promise<Flooded> }> {
  const script = fileURLToPath(new URL('flood-sender.ts', import.meta.url));
  const sender = [script, port, perSecond, kind, from].map(String);
  const command = ['-c', String(OTHER_CORE), 'nice', '-n', '19', process.execPath, ...sender];
  const child = spawn('taskset', command, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const ended = once(child, 'exit').then(() => {
    throw new Error('the flood ended before it was stopped');
  });
  // It ends in any case, also when nobody waits for a message.
  ended.catch(() => undefined);
  const message = async (): Promise<unknown> => (await Promise.race([once(child, 'message'), ended]))[0];
  await message();
  return {
    stop() {
      if (child.connected) child.send('stop');
      return message() as Promise<Flooded>;
    },
  };
}
