// What traces cost: a gateway that traces one operation in a hundred, and one that traces all, beside one that traces none,
// for known invitations (one span an operation) and for new ones (two). The three take turns on one core; the collector
// has the other, with the load.

import { setTimeout as sleep } from 'node:timers/promises';
import { CASES, type Case, HOT } from './cases.ts';
import { middle } from './figures.ts';
import { load } from './load.ts';
import { start, stopAll } from './processes.ts';
import { OTHER_CORE, PORTS, startGateway, startUpstream } from './servers.ts';
import { hasWrk, wrk } from './wrk.ts';

/** The least that operations a second may be, without traces = 1. */
const FLOORS = { few: 0.87, all: 0.76 };

const TURNS = 9;
const TURN_MS = 1_000;

/** @returns whether the ratios hold. The gateway without traces runs already. */
export async function traces(): Promise<boolean> {
  await start('./sink.ts', [String(PORTS.collector)], { core: OTHER_CORE, port: PORTS.collector });
  const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${PORTS.collector}` };
  await startGateway(PORTS.fewTraced, endpoint);
  await startGateway(PORTS.allTraced, { ...endpoint, OTEL_TRACES_SAMPLER_ARG: '1' });
  const [anew] = CASES.filter(({ known }) => known === null);
  const held = [await compare(HOT, askKnown(HOT, HOT.known ?? 0))];
  if (anew !== undefined) held.push(await compare(anew, askAnew(anew)));
  return !held.includes(false);
}

type Ask = (port: number, isChecked: boolean) => Promise<{ readonly perSecond: number; readonly failures: number }>;

function askKnown({ connections, bodies }: Case, known: number): Ask {
  const made = Array.from({ length: known }, (_, n) => bodies.graphql(n));
  return (port, isChecked) =>
    wrk({ port, connections, durationMs: TURN_MS, bodies: made, core: OTHER_CORE, isChecked });
}

function askAnew({ connections, bodies }: Case): Ask {
  let sent = 0;
  return (port) =>
    load({ port, path: '/graphql', connections, durationMs: TURN_MS, body: () => bodies.graphql(sent++) });
}

async function compare({ name }: Case, ask: Ask): Promise<boolean> {
  const turn = async (port: number, isChecked: boolean) => {
    const { perSecond, failures } = await ask(port, isChecked);
    if (failures > 0) throw new Error(`${failures} answers were not right`);
    // What is still to be sent is not the next one's.
    await sleep(100);
    return perSecond;
  };
  const round = async (isChecked = false) => ({
    none: await turn(PORTS.graphql, isChecked),
    few: await turn(PORTS.fewTraced, isChecked),
    all: await turn(PORTS.allTraced, isChecked),
  });
  for (let n = 0; n < 3; n++) await round(true);
  const rounds: Awaited<ReturnType<typeof round>>[] = [];
  for (let n = 0; n < TURNS; n++) rounds.push(await round());
  const ratio = (kind: 'few' | 'all') =>
    middle(
      rounds.map((one) => one[kind] / one.none),
      Number,
    );
  const [few, all] = [ratio('few'), ratio('all')];
  console.log(
    `${name}, traced beside not: one in a hundred ${few.toFixed(2)} × (at least ${FLOORS.few.toFixed(2)} ×), all ${all.toFixed(2)} × (at least ${FLOORS.all.toFixed(2)} ×)`,
  );
  return few >= FLOORS.few && all >= FLOORS.all;
}

if (import.meta.main) {
  if (!hasWrk()) throw new Error('the benchmark needs wrk: apt-get install wrk');
  try {
    await startUpstream();
    await startGateway();
    process.exitCode = (await traces()) ? 0 : 1;
  } finally {
    await stopAll();
  }
}
