// What traces cost: a gateway that traces one operation in a hundred, and one that traces all, beside one that traces none,
// for known invitations (one span an operation) and for new ones (two). The three take turns on one core; the collector
// has the other, with the load.

import type { ChildProcess } from 'node:child_process';
import { CASES, type Case, HOT } from './cases.ts';
import { stop, stopAll } from './processes.ts';
import { perProcessorSecond } from './processor-time.ts';
import { COLLECTOR, OTHER_CORE, PORTS, startCollector, startGateway, startUpstream } from './servers.ts';
import { ratiosByTurns } from './turns.ts';
import { hasWrk, wrk } from './wrk.ts';

/** The least that operations in a second of the processor may be, without traces = 1. */
const FLOORS = { few: 0.87, all: 0.76 };

const TURNS = 9;
const TURN_MS = 1_000;

/** @returns whether the ratios hold. The collector runs already. */
export async function traces(): Promise<boolean> {
  const servers: Servers = {
    none: { port: PORTS.graphql, process: await startGateway() },
    few: { port: PORTS.fewTraced, process: await startGateway(PORTS.fewTraced, COLLECTOR) },
    all: {
      port: PORTS.allTraced,
      process: await startGateway(PORTS.allTraced, { ...COLLECTOR, OTEL_TRACES_SAMPLER_ARG: '1' }),
    },
  };
  const [anew] = CASES.filter(({ isNew }) => isNew);
  const held = [await compare(servers, HOT)];
  if (anew !== undefined) held.push(await compare(servers, anew));
  await Promise.all(Object.values(servers).map(({ process }) => stop(process)));
  return !held.includes(false);
}

type Kind = 'none' | 'few' | 'all';

type Servers = Readonly<Record<Kind, { readonly port: number; readonly process: ChildProcess }>>;

async function compare(servers: Servers, { name, connections, bodies, isNew }: Case): Promise<boolean> {
  const load = { connections, durationMs: TURN_MS, bodies: bodies.graphql, core: OTHER_CORE };
  const turn = (kind: Kind, isChecked: boolean) =>
    perProcessorSecond(servers[kind].process, () =>
      wrk({ ...load, port: servers[kind].port, isChecked: isChecked || isNew }),
    );
  const ratio = await ratiosByTurns<Kind>(['none', 'few', 'all'], TURNS, turn);
  const [few, all] = [ratio('few', 'none'), ratio('all', 'none')];
  console.log(
    `${name}, traced beside not: one in a hundred ${few.toFixed(2)} × (at least ${FLOORS.few.toFixed(2)} ×), all ${all.toFixed(2)} × (at least ${FLOORS.all.toFixed(2)} ×)`,
  );
  return few >= FLOORS.few && all >= FLOORS.all;
}

if (import.meta.main) {
  if (!hasWrk()) throw new Error('the benchmark needs wrk: apt-get install wrk');
  try {
    await startUpstream();
    await startCollector();
    process.exitCode = (await traces()) ? 0 : 1;
  } finally {
    await stopAll();
  }
}
