// What an idle gateway costs beside the plain handler: memory, and the time from the start of the process to its first
// answer. Once where Node has kept nothing of an earlier start, as of the plain handler, and once where it has, as in the image.

import { type ChildProcess, execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { one } from './cases.ts';
import { middle } from './figures.ts';
import { residentMegabytes, stop } from './processes.ts';
import { PORTS, type ServerKind, startGateway, startPlain } from './servers.ts';
import { START_FLAGS, START_VARIABLES } from './start-flags.ts';

/** The most seconds to the first answer, the plain handler's = 1. */
const MAX_RATIO = { first: 4.5, later: 3.5 };
/** The most memory when it has answered, the plain handler's = 1. */
const MAX_MEMORY_RATIO = 1.8;
const TURNS = 5;

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const NOTHING_KEPT = { NODE_DISABLE_COMPILE_CACHE: '1' };

interface Start {
  readonly seconds: number;
  readonly megabytes: number;
}

interface Turn {
  readonly plain: Start;
  readonly first: Start;
  readonly later: Start;
}

/** @returns whether all of it holds. */
export async function footprint(): Promise<boolean> {
  execFileSync(process.execPath, [...START_FLAGS, MAIN, '--compile'], { env: START_VARIABLES });
  const turns: Turn[] = [];
  for (let n = 0; n < TURNS; n++) {
    turns.push({
      plain: await startOf('plain', () => startPlain(PORTS.plain, NOTHING_KEPT)),
      first: await startOf('graphql', () => startGateway(PORTS.graphql, NOTHING_KEPT)),
      later: await startOf('graphql', () => startGateway()),
    });
  }
  return [report('the first start', turns, 'first'), report('a later start', turns, 'later')].every((holds) => holds);
}

function report(name: string, turns: readonly Turn[], which: 'first' | 'later'): boolean {
  const ratioOf = (turn: Turn, figure: keyof Start) => turn[which][figure] / turn.plain[figure];
  const slow = middle(turns, (turn) => ratioOf(turn, 'seconds'));
  const large = middle(turns, (turn) => ratioOf(turn, 'megabytes'));
  const [time, memory] = [ratioOf(slow, 'seconds'), ratioOf(large, 'megabytes')];
  console.log(
    `${name}: ${slow[which].seconds.toFixed(2)} s to the first answer against ${slow.plain.seconds.toFixed(2)} s = ${time.toFixed(2)} × (at most ${MAX_RATIO[which].toFixed(2)} ×), ` +
      `${large[which].megabytes.toFixed(0)} MB then against ${large.plain.megabytes.toFixed(0)} MB = ${memory.toFixed(2)} × (at most ${MAX_MEMORY_RATIO.toFixed(2)} ×)`,
  );
  return time <= MAX_RATIO[which] && memory <= MAX_MEMORY_RATIO;
}

/** Starts a server, and stops it when it has answered. */
async function startOf(kind: ServerKind, start: () => Promise<ChildProcess>): Promise<Start> {
  const startedAt = performance.now();
  const server = await start();
  const response = await fetch(`http://127.0.0.1:${PORTS[kind]}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: one('first')[kind],
  });
  const { data } = (await response.json()) as { data?: { reviewInvitation?: { id?: string } } | unknown[] };
  const seconds = (performance.now() - startedAt) / 1_000;
  const given = Array.isArray(data) ? data[0] : data?.reviewInvitation?.id;
  if (given === undefined || given === null) throw new Error('the first answer was not right');
  const { now } = residentMegabytes(server);
  await stop(server);
  return { seconds, megabytes: now };
}
