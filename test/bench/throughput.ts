// The gateway against a plain Node handler that makes the same upstream calls: operations in a second of processor time, both
// servers on one core, the load and the upstream on another, upstream answering at once. Both are asked at the same time and
// have half of the core, so that the machine's own ups and downs, which last for seconds, fall on both alike. The turn in the
// middle by its ratio counts. A turn in which the load could not keep the core busy is left out. Each case has new processes:
// a gateway goes on reading what it was asked for, and V8 compiles its code for what it has seen.

import { CASES, type Case } from './cases.ts';
import { middle, percent } from './figures.ts';
import { stop } from './processes.ts';
import { type Turn, turnOf } from './processor-time.ts';
import { OTHER_CORE, PORTS, type ServerKind, type Servers, startServers } from './servers.ts';
import { wrk } from './wrk.ts';

/** Turns that count. */
const TURNS = 15;
/** Turns that are made until so many count. A case of which fewer than half of these count fails. */
const MAX_TURNS = 30;
const TURN_MS = 2_000;
/** The first seconds are the compiler's: ten of each server, which has half of the core. */
const WARM_UP_MS = 20_000;
/** Servers that have less of the core together are not what the ratio is about. */
const MIN_BUSY = 0.95;
/** The most that the gateway's p99 may be, the plain handler's = 1. */
const MAX_P99 = 1.2;

/** @returns whether every ratio holds. */
export async function throughput(): Promise<boolean> {
  const held: boolean[] = [];
  for (const each of CASES) {
    const servers = await startServers();
    try {
      held.push(await runCase(each, servers));
    } finally {
      await Promise.all(Object.values(servers).map(stop));
    }
  }
  return !held.includes(false);
}

async function runCase(each: Case, servers: Servers): Promise<boolean> {
  const turn = (kind: ServerKind, durationMs: number, isWarmUp: boolean): Promise<Turn> => {
    const load = { port: PORTS[kind], connections: each.connections, bodies: each.bodies[kind], core: OTHER_CORE };
    // What is new may fail in any turn; what is known is as right as in the warm-up.
    return turnOf(servers[kind], () => wrk({ ...load, durationMs, isChecked: isWarmUp || each.isNew }));
  };
  const pair = async (durationMs: number, isWarmUp = false): Promise<Pair> => {
    const [plain, graphql] = await Promise.all([
      turn('plain', durationMs, isWarmUp),
      turn('graphql', durationMs, isWarmUp),
    ]);
    return { plain, graphql };
  };
  await pair(WARM_UP_MS, true);
  const turns: Pair[] = [];
  let made = 0;
  for (; made < MAX_TURNS && turns.length < TURNS; made++) {
    const both = await pair(TURN_MS);
    if (both.plain.busy + both.graphql.busy >= MIN_BUSY) turns.push(both);
  }
  return report(each, turns, made);
}

type Pair = Readonly<Record<ServerKind, Turn>>;

function report(each: Case, turns: readonly Pair[], made: number): boolean {
  if (turns.length < TURNS) {
    console.log(`${each.name}: too few turns count: the core was busy in ${turns.length} of ${made}`);
    return false;
  }
  const { plain, graphql } = middle(turns, ratioOf);
  const ratio = ratioOf({ plain, graphql });
  console.log(
    `${each.name}: ${graphql.perSecond.toFixed(0)}/s against ${plain.perSecond.toFixed(0)}/s = ${ratio.toFixed(2)} × ` +
      `(at least ${each.floor.toFixed(2)} ×${each.aim === undefined ? '' : `, aim ${each.aim.toFixed(2)} ×`}; they had ${percent(graphql.busy)} and ${percent(plain.busy)} of the core; ${turns.length} of ${made} turns count)`,
  );
  const holdsP99 = each.isNew || reportP99(each, turns);
  return ratio >= each.floor && holdsP99;
}

function reportP99(each: Case, turns: readonly Pair[]): boolean {
  const p99 = (kind: ServerKind) =>
    middle(
      turns.map((turn) => turn[kind].p99Ms),
      Number,
    );
  const ratio = p99('graphql') / p99('plain');
  console.log(
    `  p99 with ${each.connections} connections: ${p99('graphql').toFixed(2)} ms against ${p99('plain').toFixed(2)} ms = ${ratio.toFixed(2)} × (at most ${MAX_P99.toFixed(2)} ×)`,
  );
  return ratio <= MAX_P99;
}

function ratioOf({ graphql, plain }: Pair): number {
  return graphql.perSecond / plain.perSecond;
}
