// What it costs to be counted: known invitations asked for again and again of a gateway with an admin port that is collected
// every five seconds, beside one without. The two take turns on one core.

import { setTimeout as sleep } from 'node:timers/promises';
import { CASES, type Case } from './cases.ts';
import { middle } from './figures.ts';
import { stop } from './processes.ts';
import { OTHER_CORE, PORTS, startGateway } from './servers.ts';
import { wrk } from './wrk.ts';

/** The least with an admin port, without = 1. */
const FLOOR = 0.95;
const TURNS = 15;
const TURN_MS = 1_000;
const WARM_UPS = 3;
const COLLECT_MS = 5_000;

/** @returns whether both ratios hold. The gateway without an admin port runs already. */
export async function metrics(): Promise<boolean> {
  const server = await startGateway(PORTS.counted, { ADMIN_PORT: String(PORTS.admin) });
  const collecting = setInterval(collect, COLLECT_MS);
  try {
    const held: boolean[] = [];
    for (const each of CASES.filter(({ known }) => known !== null)) held.push(await compare(each));
    await collect();
    return !held.includes(false);
  } finally {
    clearInterval(collecting);
    await stop(server);
  }
}

async function collect(): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${PORTS.admin}/metrics`);
  const [, count] =
    /^gateway_operations_total\{type="query",transport="post",outcome="ok"\} (\d+)$/m.exec(await response.text()) ?? [];
  if (!(Number(count) > 0)) throw new Error('no operation was counted');
}

async function compare(each: Case): Promise<boolean> {
  const { connections, known } = each;
  const bodies = Array.from({ length: known ?? 0 }, (_, n) => each.bodies.graphql(n));
  const turn = async (port: number, isChecked = false) => {
    const { perSecond, failures } = await wrk({
      port,
      connections,
      durationMs: TURN_MS,
      bodies,
      core: OTHER_CORE,
      isChecked,
    });
    if (failures > 0) throw new Error(`${failures} answers were not right`);
    await sleep(20);
    return perSecond;
  };
  const round = async (isChecked = false) => ({
    without: await turn(PORTS.graphql, isChecked),
    counted: await turn(PORTS.counted, isChecked),
  });
  for (let n = 0; n < WARM_UPS; n++) await round(true);
  const ratios: number[] = [];
  for (let n = 0; n < TURNS; n++) {
    const { without, counted } = await round();
    ratios.push(counted / without);
  }
  const ratio = middle(ratios, Number);
  console.log(
    `${each.name}, counted and collected every ${COLLECT_MS / 1_000} s, beside not: ${ratio.toFixed(2)} × (at least ${FLOOR.toFixed(2)} ×)`,
  );
  return ratio >= FLOOR;
}
