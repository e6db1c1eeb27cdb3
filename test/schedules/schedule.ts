// One random schedule of faults over three gateway processes that share an account: what they did to its quota, by the
// provider's own clock. A fault comes when most of a window is used, and the load moves to other processes with it.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { withMargin } from '../../src/upstream/quota-window.ts';
import { createAuthority } from '../certificates.ts';
import { type RedisServer, startRedisServer } from '../redis/server.ts';
import { mostIn, startCountingProvider } from './counting-provider.ts';
import { type GatewayProcess, startGatewayProcess } from './gateways.ts';

export const LIMIT = 20;
const PROCESSES = 3;
/** What is used of the window when one comes. */
const USED = 0.8;

export interface Outcome {
  /** What was done, in words. */
  readonly steps: readonly string[];
  /** The most calls in any window. */
  readonly most: number;
  /** The most in those windows in which one process alone was without Redis. */
  readonly mostBesideOne: number;
  /** What was used of the quota while all was well, 0 to 1. */
  readonly usedWell: number;
}

interface World {
  readonly gateways: readonly GatewayProcess[];
  /** The Redis that the processes are led to. */
  redis: RedisServer;
  /** It knows what the other one has told it. */
  replica: RedisServer;
  between(low: number, high: number): number;
}

interface Fault {
  /** Redis fails for one process alone, which then adds its share. */
  readonly isOfOne: boolean;
  run(world: World): Promise<string>;
}

const portOf = ({ url }: RedisServer) => Number(new URL(url).port);
const any = ({ gateways, between }: World) => gateways[Math.floor(between(0, gateways.length))] as GatewayProcess;

const FAULT_KINDS: Readonly<Record<string, Fault>> = {
  'Redis is stopped and goes on': {
    isOfOne: false,
    async run({ redis, between }) {
      const forMs = between(300, 5_000);
      redis.pause();
      await sleep(forMs);
      redis.resume();
      return `for ${Math.round(forMs)} ms`;
    },
  },
  'Redis is killed and started, empty': {
    isOfOne: false,
    async run({ redis, between }) {
      const forMs = between(0, 5_000);
      await redis.kill();
      await sleep(forMs);
      await redis.restart();
      return `after ${Math.round(forMs)} ms`;
    },
  },
  'Redis fails over to a replica': {
    isOfOne: false,
    async run(world) {
      const { redis, replica, gateways } = world;
      await replica.command('REPLICAOF', 'NO', 'ONE');
      for (const { toRedis } of gateways) {
        toRedis.target = portOf(replica);
        toRedis.cut(true);
        toRedis.cut(false);
      }
      await redis.command('REPLICAOF', '127.0.0.1', portOf(replica));
      world.redis = replica;
      world.replica = redis;
      return '';
    },
  },
  'Redis is emptied': {
    isOfOne: false,
    async run({ redis }) {
      await redis.command('FLUSHALL');
      return '';
    },
  },
  'a process is stopped and goes on': {
    isOfOne: true,
    async run(world) {
      const gateway = any(world);
      const forMs = world.between(100, 4_000);
      gateway.suspend();
      await sleep(forMs);
      gateway.resume();
      return `for ${Math.round(forMs)} ms`;
    },
  },
  'a process is killed and started': {
    isOfOne: false,
    async run(world) {
      const gateway = any(world);
      await gateway.kill();
      await sleep(world.between(0, 2_000));
      await gateway.start();
      return '';
    },
  },
  'Redis is far from one process': {
    isOfOne: false,
    async run(world) {
      const gateway = any(world);
      const delayMs = world.between(1, 20);
      gateway.toRedis.delayMs = delayMs;
      await sleep(world.between(2_000, 6_000));
      gateway.toRedis.delayMs = 0;
      return `${Math.round(delayMs)} ms each way`;
    },
  },
  'one process is cut off from Redis': {
    isOfOne: true,
    async run(world) {
      const gateway = any(world);
      const forMs = world.between(500, 6_000);
      gateway.toRedis.cut(true);
      await sleep(forMs);
      gateway.toRedis.cut(false);
      return `for ${Math.round(forMs)} ms`;
    },
  },
};

export interface ScheduleOptions {
  readonly windowMs: number;
  /** How many faults there are. */
  readonly faults: number;
}

/** The most calls where one process is without Redis: it adds its share. */
export const LIMIT_BESIDE_ONE = Math.floor(LIMIT * (1 + 1 / PROCESSES));

/** How long after it is back a process may still keep to its share, in milliseconds. */
const SETTLE_MS = 3_500;

export async function runSchedule(seed: number, { windowMs, faults }: ScheduleOptions): Promise<Outcome> {
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
  };
  const options = { redisPort: portOf(redis), providerPort: provider.port, environment, random };
  const gateways: GatewayProcess[] = [];
  const steps: string[] = [];
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
      const until = performance.now() + 3 * windowMs;
      while (provider.used(windowMs) < USED * LIMIT && performance.now() < until) await sleep(5);
      const kinds = Object.entries(FAULT_KINDS);
      const [name, fault] = kinds[Math.floor(between(0, kinds.length))] as [string, Fault];
      load(gateways.map((_, m) => (m === busy ? 0 : 20)));
      const faultFrom = performance.now();
      steps.push(`${name} ${await fault.run(world)}`.trim());
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
    return { steps, most, mostBesideOne: mostIn(provider.arrivals, windowMs), usedWell };
  } finally {
    await Promise.all(gateways.map((gateway) => gateway.stop()));
    provider.stop();
    await Promise.all([redis.stop(), replica.stop()]);
    await rm(dirname(authorityFile), { recursive: true });
  }
}

/** Whether the quota was kept, and used. */
export function isKept({ most, mostBesideOne, usedWell }: Outcome): boolean {
  return most <= LIMIT && mostBesideOne <= LIMIT_BESIDE_ONE && usedWell >= 0.95;
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
