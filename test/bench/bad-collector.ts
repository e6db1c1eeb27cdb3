// A collector of traces that hangs, and one that is not there: how long callers wait meanwhile, beside how long they wait
// while it takes all. By turns at one gateway, which traces every operation; callers ask for what is known.

import type { ChildProcess } from 'node:child_process';

import { HOT } from './cases.ts';
import { residentMegabytes, start, stop, stopAll } from './processes.ts';
import { OTHER_CORE, PORTS, startGateway, startUpstream } from './servers.ts';
import { ratiosByTurns } from './turns.ts';
import { hasWrk, wrk } from './wrk.ts';

/** The most that the p99 may be, while the collector takes all = 1. */
const MAX_RATIO = 1.1;
/** The most that the gateway's memory may be at the end, after the rounds that do not count = 1. */
const MAX_GROWTH = 1.1;
const TURNS = 9;
const TURN_MS = 2_000;

const ORIGIN = `http://127.0.0.1:${PORTS.badCollector}`;

type Weather = 'takes' | 'hangs' | 'gone';

/** @returns whether p99 and memory hold. */
export async function badCollector(): Promise<boolean> {
  const upstream = await startUpstream();
  let collector = await startSink();
  const traced = { OTEL_EXPORTER_OTLP_ENDPOINT: ORIGIN, OTEL_TRACES_SAMPLER_ARG: '1' };
  const gateway = await startGateway(PORTS.badlyTraced, traced);
  const { connections } = HOT;
  const bodies = HOT.bodies.graphql;
  let before = Number.NaN;

  async function ask(durationMs: number, isChecked: boolean): Promise<number> {
    const load = { port: PORTS.badlyTraced, connections, durationMs, bodies, core: OTHER_CORE, isChecked };
    const { failures, p99Ms } = await wrk(load);
    if (failures > 0) throw new Error(`${failures} answers were not right`);
    return p99Ms;
  }

  /** The collector takes again, and has been sent something. */
  async function clear(): Promise<void> {
    const before = await posts();
    while ((await posts()) === before) await ask(1_000, false);
  }

  async function turn(weather: Weather, isChecked: boolean): Promise<number> {
    if (weather === 'hangs') collector.kill('SIGSTOP');
    if (weather === 'gone') await stop(collector);
    const p99Ms = await ask(TURN_MS, isChecked);
    if (weather === 'hangs') collector.kill('SIGCONT');
    if (weather === 'gone') collector = await startSink();
    if (weather !== 'takes') await clear();
    if (isChecked) before = residentMegabytes(gateway).now;
    return p99Ms;
  }

  const ratioOf = await ratiosByTurns<Weather>(['takes', 'hangs', 'gone'], TURNS, turn);
  const after = residentMegabytes(gateway).now;
  const [hangs, gone] = [ratioOf('hangs', 'takes'), ratioOf('gone', 'takes')];
  console.log(
    `p99 while the collector of traces hangs ${hangs.toFixed(2)} ×, while it is not there ${gone.toFixed(2)} × (at most ${MAX_RATIO.toFixed(2)} ×); memory before and after ${before.toFixed(0)} MB and ${after.toFixed(0)} MB = ${(after / before).toFixed(2)} × (at most ${MAX_GROWTH.toFixed(2)} ×)`,
  );
  await Promise.all([upstream, collector, gateway].map(stop));
  return hangs <= MAX_RATIO && gone <= MAX_RATIO && after / before <= MAX_GROWTH;
}

function startSink(): Promise<ChildProcess> {
  return start('./sink.ts', [String(PORTS.badCollector)], { core: OTHER_CORE, port: PORTS.badCollector });
}

/** What the collector was sent since it was started. */
async function posts(): Promise<number> {
  return Number(await (await fetch(ORIGIN)).text());
}

if (import.meta.main) {
  if (!hasWrk()) throw new Error('the benchmark needs wrk: apt-get install wrk');
  try {
    process.exitCode = (await badCollector()) ? 0 : 1;
  } finally {
    await stopAll();
  }
}
