// A part of `npm run bench:quota`, in real time and with the real quotas: callers of one address each, who want one or three
// invitations, beside one that asks for ten thousand; with one gateway, and with two that share Redis.

import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'undici';
import { type CronofyImitation, startCronofy } from '../../src/sandbox/cronofy.ts';
import { type PartooImitation, startPartoo } from '../../src/sandbox/partoo.ts';
import { OPEN_GATEWAY } from '../open-gateway.ts';
import { startRedisServer } from '../redis/server.ts';
import { start, stop } from './processes.ts';
import { START_FLAGS } from './start-flags.ts';

const PORTS = [17_130, 17_131];
const WANTED = 10_000;
const PAGE = 100;
/** Pages that each gateway is asked for before anything is measured. */
const WARM_UP = 300;
const QUERY = 'query($refs: [InvitationRef!]!) { invitations(refs: $refs) { id } }';

/**
 * Who comes when, in milliseconds after the one that wants everything, and how long the slowest may take. In the first minute
 * the burst of that one is in the window, and there is room for one crowd of twenty.
 */
const VISITS = [
  { at: 300, newcomers: 10, each: 1, mostMs: 1_000 },
  { at: 42_000, newcomers: 20, each: 3, mostMs: 15_000 },
  { at: 65_000, newcomers: 10, each: 1, mostMs: 1_000 },
  { at: 75_000, newcomers: 10, each: 1, mostMs: 1_000 },
  { at: 90_000, newcomers: 10, each: 1, mostMs: 1_000 },
  { at: 110_000, newcomers: 20, each: 3, mostMs: 15_000 },
];

/** From when on the one is alone, in milliseconds, and what it is to have of all but the reserve from then on. */
const ALONE = { from: 190_000, to: 250_000, least: 0.95 };
const RESERVE = 0.1;

interface Kind {
  readonly text: string;
  readonly perMinute: number;
  readonly refOf: (id: string) => object;
}

const KINDS: readonly Kind[] = [
  { text: 'Partoo, 270/60s', perMinute: 270, refOf: (invitationId) => ({ reviewInvitation: { invitationId } }) },
  { text: 'Cronofy, 45/1s,450/60s', perMinute: 450, refOf: (smartInviteId) => ({ smartInvite: { smartInviteId } }) },
];

/** @returns whether all newcomers have theirs in time. */
export async function newcomers(): Promise<boolean> {
  const held = [await beside(1), await beside(2)];
  return !held.includes(false);
}

async function beside(gateways: number): Promise<boolean> {
  const [partoo, cronofy, redis] = await Promise.all([startPartoo(), startCronofy({}, []), startRedisServer()]);
  const ports = PORTS.slice(0, gateways);
  const processes = await Promise.all(
    ports.map((port) =>
      start('../../src/main.ts', [], {
        core: 0,
        port,
        flags: START_FLAGS,
        environment: {
          ...OPEN_GATEWAY,
          PORT: String(port),
          TRUSTED_PROXIES: '127.0.0.1',
          ...(gateways > 1 ? { REDIS_URL: redis.url, PROCESSES: String(gateways) } : {}),
          ...partoo.variables,
          ...cronofy.variables,
        },
      }),
    ),
  );
  const pools = ports.map((port) => new Pool(`http://127.0.0.1:${port}`, { connections: 200 }));
  try {
    return await measure(pools, [partoo, cronofy]);
  } finally {
    await Promise.all([
      ...processes.map(stop),
      ...pools.map((pool) => pool.destroy()),
      partoo.stop(),
      cronofy.stop(),
      redis.stop(),
    ]);
  }
}

async function measure(pools: readonly Pool[], providers: readonly [PartooImitation, CronofyImitation]) {
  let turn = 0;
  /** Those that were not given, and for how long to wait then, in seconds. Callers are spread over the gateways. */
  async function ask(address: string, refs: readonly object[]) {
    turn += 1;
    const pool = pools[turn % pools.length] as Pool;
    const { body } = await pool.request({
      method: 'POST',
      path: '/graphql',
      headers: { 'content-type': 'application/json', 'x-forwarded-for': address },
      body: JSON.stringify({ query: QUERY, variables: { refs } }),
    });
    const { errors = [] } = (await body.json()) as {
      errors?: readonly { path: readonly [string, number]; extensions: { retryAfterSeconds?: number } }[];
    };
    const failed = new Set(errors.map(({ path }) => path[1]));
    return {
      refused: refs.filter((_, n) => failed.has(n)),
      waitSeconds: errors[0]?.extensions.retryAfterSeconds ?? 0.1,
    };
  }

  // A process that has just begun compiles: for moments it does not hear Redis, and keeps to its own share.
  for (let n = 0; n < WARM_UP; n++) {
    const refs = KINDS.flatMap(({ refOf }) => Array.from({ length: PAGE / 2 }, (_, m) => refOf(`warm-${m % 5}`)));
    await Promise.all(pools.map(() => ask(`203.0.113.${n % 250}`, refs)));
  }

  let isOver = false;
  async function wantAll({ refOf }: Kind, k: number, first: number): Promise<void> {
    for (let n = first; n < WANTED && !isOver; n += 10 * PAGE) {
      let refs: readonly object[] = Array.from({ length: PAGE }, (_, m) => refOf(`wanted-${n + m}`));
      while (refs.length > 0 && !isOver) {
        const { refused } = await ask(`192.0.2.${k}`, refs);
        refs = refused;
        if (refused.length > 0) await sleep(100);
      }
    }
  }

  let address = 0;
  /** How long a newcomer takes until it has all of its invitations, in milliseconds. */
  async function visit({ refOf }: Kind, each: number): Promise<number> {
    address += 1;
    const from = performance.now();
    const own = `198.51.${address >> 8}.${address & 255}`;
    let refs: readonly object[] = Array.from({ length: each }, (_, n) => refOf(`new-${own}-${n}`));
    while (refs.length > 0) {
      const { refused, waitSeconds } = await ask(own, refs);
      refs = refused;
      if (refused.length > 0) await sleep(waitSeconds * 1_000);
    }
    return performance.now() - from;
  }

  const rows: Record<string, Record<string, string>> = {};
  let holdsAll = true;
  function add(row: string, figures: readonly number[], holds: (figure: number) => boolean): void {
    rows[row] = Object.fromEntries(KINDS.map(({ text }, k) => [text, (figures[k] ?? Number.NaN).toFixed(0)]));
    rows[row] = { ...rows[row], '': figures.every(holds) ? 'holds' : 'does not hold' };
    holdsAll &&= figures.every(holds);
  }

  const startedAt = performance.now();
  const until = (at: number) => sleep(Math.max(0, startedAt + at - performance.now()));
  const wanting = KINDS.flatMap((kind, k) => Array.from({ length: 10 }, (_, n) => wantAll(kind, k, n * PAGE)));
  for (const { at, newcomers: count, each, mostMs } of VISITS) {
    await until(at);
    const slowest = await Promise.all(
      KINDS.map(async (kind) =>
        Math.max(...(await Promise.all(Array.from({ length: count }, () => visit(kind, each))))),
      ),
    );
    const row = `${count} newcomers of ${each} after ${at / 1_000} s: the slowest in ms, ${mostMs} at most`;
    add(row, slowest, (ms) => ms <= mostMs);
  }
  await until(ALONE.from);
  const before = providers.map(({ calls }) => calls.length);
  await until(ALONE.to);
  const minutes = (ALONE.to - ALONE.from) / 60_000;
  const used = KINDS.map(({ perMinute }, k) => {
    const calls = (providers[k]?.calls.length ?? 0) - (before[k] ?? 0);
    return (100 * calls) / (minutes * perMinute * (1 - RESERVE));
  });
  add(`alone: % of all but the reserve, ${100 * ALONE.least} at least`, used, (part) => part >= 100 * ALONE.least);
  const throttled = providers.map(({ calls }) => calls.filter(({ status }) => status === 429).length);
  add('answered 429, none', throttled, (count) => count === 0);
  isOver = true;
  const where = pools.length === 1 ? 'with one gateway' : `with ${pools.length} gateways that share Redis`;
  console.log(`Beside one caller that asks for ${WANTED} invitations of each provider, ${where}:`);
  console.table(rows);
  await Promise.all(wanting);
  return holdsAll;
}

if (import.meta.main) process.exitCode = (await newcomers()) ? 0 : 1;
