// What it costs to be counted: known invitations asked for again and again of a gateway with an admin port that is collected
// every five seconds, beside one without. The two take turns on one core.

import type { ChildProcess } from 'node:child_process';
import { CASES, type Case } from './cases.ts';
import { middle } from './figures.ts';
import { stop, stopAll } from './processes.ts';
import { perProcessorSecond } from './processor-time.ts';
import { OTHER_CORE, PORTS, startGateway, startUpstream } from './servers.ts';
import { ratiosByTurns } from './turns.ts';
import { wrk } from './wrk.ts';

/** The least with an admin port, without = 1. */
const FLOOR = 0.95;
/** Two new processes that do the same differ by up to a tenth for as long as they live, so that several pairs are compared. */
const PAIRS = 5;
/** The first seconds are the compiler's. */
const WARM_UP_MS = 6_000;
const TURNS = 9;
const TURN_MS = 1_000;
/** How often a gateway with an admin port is collected. */
export const COLLECT_MS = 5_000;

/** @returns whether the pair in the middle holds, for each case. */
export async function metrics(): Promise<boolean> {
  const cases = CASES.filter(({ isNew }) => !isNew);
  const ratios = new Map(cases.map((each) => [each, [] as number[]]));
  for (let n = 0; n < PAIRS; n++) {
    for (const [each, ratio] of await pair(cases)) ratios.get(each)?.push(ratio);
  }
  const held: boolean[] = [];
  for (const [{ name }, all] of ratios) {
    const ratio = middle(all, Number);
    const apart = all.map((one) => one.toFixed(2)).join(', ');
    console.log(
      `${name}, counted and collected every ${COLLECT_MS / 1_000} s, beside not: ${ratio.toFixed(2)} × (at least ${FLOOR.toFixed(2)} ×; each pair ${apart})`,
    );
    held.push(ratio >= FLOOR);
  }
  return !held.includes(false);
}

/** Compares two new gateways. */
async function pair(cases: readonly Case[]): Promise<ReadonlyMap<Case, number>> {
  const gateways: Gateways = {
    without: { process: await startGateway(PORTS.uncounted), port: PORTS.uncounted },
    counted: { process: await startGateway(PORTS.counted, { ADMIN_PORT: String(PORTS.admin) }), port: PORTS.counted },
  };
  const collecting = setInterval(collect, COLLECT_MS);
  try {
    const ratios = new Map<Case, number>();
    for (const each of cases) ratios.set(each, await compare(each, gateways));
    await collect();
    return ratios;
  } finally {
    clearInterval(collecting);
    await Promise.all([stop(gateways.without.process), stop(gateways.counted.process)]);
  }
}

/** @throws Error where what is at the admin port counts no operations. */
export async function collect(): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${PORTS.admin}/metrics`);
  const [, count] =
    /^gateway_operations_total\{type="query",transport="post",outcome="ok"\} (\d+)$/m.exec(await response.text()) ?? [];
  if (!(Number(count) > 0)) throw new Error('no operation was counted');
}

type Kind = 'without' | 'counted';

type Gateways = Readonly<Record<Kind, { readonly process: ChildProcess; readonly port: number }>>;

async function compare({ connections, bodies: { graphql: bodies } }: Case, gateways: Gateways): Promise<number> {
  const load = (kind: Kind, durationMs: number, isChecked: boolean) =>
    wrk({ port: gateways[kind].port, connections, durationMs, bodies, core: OTHER_CORE, isChecked });
  const turn = (kind: Kind, isChecked: boolean) =>
    perProcessorSecond(gateways[kind].process, () => load(kind, TURN_MS, isChecked));
  for (const kind of ['counted', 'without'] as const) await load(kind, WARM_UP_MS, true);
  const ratioOf = await ratiosByTurns<Kind>(['without', 'counted'], TURNS, turn);
  return ratioOf('counted', 'without');
}

if (import.meta.main) {
  try {
    await startUpstream();
    process.exitCode = (await metrics()) ? 0 : 1;
  } finally {
    await stopAll();
  }
}
