// One random schedule of faults over three gateway processes that share an account: what they did to its quota, by the
// provider's own clock. A fault comes when most of a window is used, and the load moves to other processes with it.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { withMargin } from '../../src/upstream/quota-window.ts';
import { createAuthority } from '../certificates.ts';
import { startRedisServer } from '../redis/server.ts';
import { mostIn, startCountingProvider } from './counting-provider.ts';
import { FAULT_KINDS, type Fault, type FaultKind, portOf, type World } from './faults.ts';
import { type GatewayProcess, startGatewayProcess } from './gateways.ts';

export const LIMIT = 20;
const PROCESSES = 3;
/** What is used of the window when a fault comes. */
const USED = 0.8;

export interface Outcome {
  /** What was done, in words, and how much of the window was used when it began. */
  readonly steps: readonly string[];
  /** How many faults came though less of the window was used than was to be: they show little. */
  readonly early: number;
  /** The most calls in any window. */
  readonly most: number;
  /** The most in those windows in which one process alone was without Redis. */
  readonly mostBesideOne: number;
  /** What was used of the quota while all was well, 0 to 1. */
  readonly usedWell: number;
}

export interface ScheduleOptions {
  readonly windowMs: number;
  /** How many faults there are. */
  readonly faults: number;
  /** Which ones; all kinds by default. */
  readonly kinds?: readonly FaultKind[];
  /** Whether processes know nothing of each other's calls. */
  readonly isUnaware?: boolean;
}

/** A schedule that such processes fail: it shows that a schedule can be failed. */
export const UNAWARE = { faults: 1, kinds: ['Redis is emptied'], isUnaware: true } as const;

const ALL_KINDS = Object.keys(FAULT_KINDS) as readonly FaultKind[];
const UNAWARE_FILE = new URL('unaware.ts', import.meta.url);

/** The most calls where one process is without Redis: it adds its share. */
export const LIMIT_BESIDE_ONE = Math.floor(LIMIT * (1 + 1 / PROCESSES));

/** How long after it is back a process may still keep to its share, in milliseconds. */
const SETTLE_MS = 3_500;

export async function runSchedule(
  seed: number,
  { windowMs, faults, kinds = ALL_KINDS, isUnaware = false }: ScheduleOptions,
): Promise<Outcome> {
  const random = randomOf(seed);
  const between = (low: number, high: number) => low + random() * (high - low);
  const [redis, replica] = await Promise.all([startRedisServer(), startRedisServer()]);
  await replica.command('REPLICAOF', '127.0.0.1', portOf(redis));
  const authority = createAuthority();
  const provider = await startCountingProvider(authority.issue());
  const authorityFile = join(await mkdtemp(join(tmpdir(), 'authority-')), 'cert.pem');
  await writeFile(authorityFile, authority.cert);
  const environment = {
    PARTOO_QUOTA: `${LIMIT}/${windowMs / 1_000}s`,
    PROCESSES: String(PROCESSES),
    PARTOO_ACCOUNT: 'one',
    NODE_EXTRA_CA_CERTS: authorityFile,
    ...(isUnaware ? { NODE_OPTIONS: `--import=${UNAWARE_FILE}` } : {}),
  };
  const options = { redisPort: portOf(redis), providerPort: provider.port, environment, random };
  const gateways: GatewayProcess[] = [];
  const steps: string[] = [];
  let early = 0;
  try {
    for (let n = 0; n < PROCESSES; n++) gateways.push(await startGatewayProcess(options));
    const world: World = { gateways, redis, replica, between };
    for (const { toProvider } of gateways) toProvider.setUpMs = () => between(0, 400);
    const load = (rates: readonly number[]) => {
      for (const [n, gateway] of gateways.entries()) gateway.rate = rates[n] ?? 0;
    };

    // All is well, and there is more to do than the quota allows.
    load([8, 8, 8]);
    await sleep(windowMs);
    const before = provider.arrivals.length;
    const from = performance.now();
    await sleep(2 * windowMs);
    const keptMs = withMargin([{ limit: LIMIT, windowMs }])[0]?.windowMs ?? 0;
    const usedWell = (provider.arrivals.length - before) / ((LIMIT * (performance.now() - from)) / keptMs);

    /** From when until when one process alone was without Redis. */
    const alone: [from: number, until: number][] = [];
    for (let n = 0; n < faults; n++) {
      const busy = Math.floor(between(0, PROCESSES));
      load(gateways.map((_, m) => (m === busy ? 20 : 0)));
      const until = performance.now() + 6 * windowMs;
      while (provider.used(windowMs) < USED * LIMIT && performance.now() < until) await sleep(5);
      const name = kinds[Math.floor(between(0, kinds.length))] as FaultKind;
      const fault: Fault = FAULT_KINDS[name];
      const used = provider.used(windowMs);
      if (used < USED * LIMIT) early += 1;
      load(gateways.map((_, m) => (m === busy ? 0 : 20)));
      const faultFrom = performance.now();
      const how = await fault.run(world);
      steps.push(`${[name, how].filter(Boolean).join(' ')} (${used} of ${LIMIT} used)`);
      if (fault.isOfOne) alone.push([faultFrom - 100, performance.now() + SETTLE_MS]);
      load([8, 8, 8]);
      await sleep(between(500, windowMs));
    }
    await sleep(windowMs);
    const isAlone = (at: number) => alone.some(([from, until]) => at > from && at < until + windowMs);
    const most = mostIn(
      provider.arrivals.filter((at) => !isAlone(at)),
      windowMs,
    );
    return { steps, early, most, mostBesideOne: mostIn(provider.arrivals, windowMs), usedWell };
  } finally {
    await Promise.all(gateways.map((gateway) => gateway.stop()));
    provider.stop();
    await Promise.all([redis.stop(), replica.stop()]);
    await rm(dirname(authorityFile), { recursive: true });
  }
}

/** Whether the quota was kept, and used, also before each fault. */
export function isKept({ most, mostBesideOne, usedWell, early }: Outcome): boolean {
  return most <= LIMIT && mostBesideOne <= LIMIT_BESIDE_ONE && usedWell >= 0.95 && early === 0;
}

/** Numbers below 1 that a seed decides (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
