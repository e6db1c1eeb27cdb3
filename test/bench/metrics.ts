// What it costs to be counted: known invitations asked for again and again of a gateway with an admin port that is collected
// every five seconds, beside one without. The two take turns on one core.

import type { ChildProcess } from 'node:child_process';
import { CASES, type Case } from './cases.ts';
import { stop } from './processes.ts';
import { perProcessorSecond } from './processor-time.ts';
import { OTHER_CORE, PORTS, type Servers, startGateway } from './servers.ts';
import { ratiosByTurns } from './turns.ts';
import { wrk } from './wrk.ts';

/** The least with an admin port, without = 1. */
const FLOOR = 0.95;
const TURNS = 21;
const TURN_MS = 1_000;
/** How often a gateway with an admin port is collected. */
export const COLLECT_MS = 5_000;

/** @returns whether both ratios hold. The gateway without an admin port runs already. */
export async function metrics({ graphql }: Servers): Promise<boolean> {
  const server = await startGateway(PORTS.counted, { ADMIN_PORT: String(PORTS.admin) });
  const collecting = setInterval(collect, COLLECT_MS);
  try {
    const held: boolean[] = [];
    for (const each of CASES.filter(({ known }) => known !== null))
      held.push(
        await compare(each, {
          without: { process: graphql, port: PORTS.graphql },
          counted: { process: server, port: PORTS.counted },
        }),
      );
    await collect();
    return !held.includes(false);
  } finally {
    clearInterval(collecting);
    await stop(server);
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

async function compare(each: Case, gateways: Gateways): Promise<boolean> {
  const { connections, known } = each;
  const bodies = Array.from({ length: known ?? 0 }, (_, n) => each.bodies.graphql(n));
  const turn = (kind: Kind, isChecked: boolean) => {
    const { process, port } = gateways[kind];
    return perProcessorSecond(process, () =>
      wrk({ port, connections, durationMs: TURN_MS, bodies, core: OTHER_CORE, isChecked }),
    );
  };
  const ratioOf = await ratiosByTurns<Kind>(['without', 'counted'], TURNS, turn);
  const ratio = ratioOf('counted', 'without');
  console.log(
    `${each.name}, counted and collected every ${COLLECT_MS / 1_000} s, beside not: ${ratio.toFixed(2)} × (at least ${FLOOR.toFixed(2)} ×)`,
  );
  return ratio >= FLOOR;
}
