// `npm run bench:quota`: many viewers, few calls. First five worlds on a clock of their own, for each of `--seeds`
// (worlds/main.ts).
// Then two thousand viewers poll pages of twenty out of three thousand live invitations, half of each provider, against the
// sandbox with its quotas on. The gateway is compared with one that has
// only per-request loaders. Time runs faster by `--speed`: quotas, ages and polls alike. `--share` is a part of
// population and quota alike; `npm run bench` takes a fifth. Last come newcomers beside a caller that wants everything
// (newcomers.ts).

import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { withMargin } from '../../src/upstream/quota-window.ts';
import { OPEN_GATEWAY } from '../open-gateway.ts';
import { newcomers } from './newcomers.ts';
import { start, stop, stopAll } from './processes.ts';
import { START_FLAGS } from './start-flags.ts';
import { startViewers } from './viewers.ts';
import { worldsBench } from './worlds/main.ts';

const PORTS = { partoo: 17_110, cronofy: 17_120, gateway: 17_100 };

export interface QuotaRun {
  readonly speed: number;
  /** Of the full population and the full quota alike. */
  readonly share: number;
}

const FULL = { viewers: 2_000, each: 1_500, pollMs: 20_000, partoo: 270, cronofy: 450 };
const MINUTE = 60_000;

/** Of a mean age, the best that the quota allows = 1. Of a fifth of the quota a larger part is kept for newcomers. */
const mostAge = (share: number) => (share < 1 ? 1.3 : 1.15);
/**
 * Of the quota as it is kept to, the part that is used at least: 97 % in real time (test/snapshots/refresher-pace.test.ts).
 * What is kept for newcomers does not come faster when time does, and is more of a shorter window.
 */
const leastUsed = (share: number) => (share < 1 ? 0 : 0.95);

/** @returns whether every figure holds. */
export async function quotaBench({ speed, share }: QuotaRun): Promise<boolean> {
  const each = FULL.each * share;
  const window = 60 / speed;
  console.log(
    `${FULL.viewers * share} viewers, pages of 20 of ${2 * each} live invitations, time ${speed} × as fast, quota ${FULL.partoo * share} + ${FULL.cronofy * share} calls a minute`,
  );
  const environment = {
    ...OPEN_GATEWAY,
    PORT: String(PORTS.gateway),
    PARTOO_API_KEY: 'sandbox-partoo-key',
    PARTOO_BASE_URL: `http://127.0.0.1:${PORTS.partoo}/v2`,
    CRONOFY_CLIENT_SECRET: 'sandbox-cronofy-secret',
    CRONOFY_BASE_URL: `http://127.0.0.1:${PORTS.cronofy}`,
    PARTOO_QUOTA: `${Math.round(FULL.partoo * share)}/${window}s`,
    CRONOFY_QUOTA: `${Math.max(1, Math.floor(45 * share))}/${1 / speed}s,${Math.round(FULL.cronofy * share)}/${window}s`,
    FRESH_SECONDS: String(10 / speed),
    REVALIDATE_SECONDS: String(60 / speed),
    PATIENCE_SECONDS: String(1 / speed),
    STALE_SECONDS: String(600 / speed),
    NOT_FOUND_SECONDS: String(5 / speed),
  };
  const ours = await run('../../src/main.ts', environment, { speed, share, minutes: 10 });
  const theirs = await run('./loaders-only.ts', environment, { speed, share, minutes: 2 });

  const best = { PARTOO: each / (2 * FULL.partoo * share), CRONOFY: each / (2 * FULL.cronofy * share) };
  const ratio = {
    PARTOO: mean(ours.healthy.agesMs.PARTOO) / speedUp(best.PARTOO, speed),
    CRONOFY: mean(ours.healthy.agesMs.CRONOFY) / speedUp(best.CRONOFY, speed),
  };
  const used = {
    PARTOO: (ours.perMinute[0] ?? 0) / allowed(FULL.partoo * share, window),
    CRONOFY: (ours.perMinute[1] ?? 0) / allowed(FULL.cronofy * share, window),
  };
  console.table({
    'upstream calls a minute, Partoo': row(ours.perMinute[0], theirs.perMinute[0]),
    'upstream calls a minute, Cronofy': row(ours.perMinute[1], theirs.perMinute[1]),
    'part of the Partoo quota used': { ours: used.PARTOO.toFixed(3), 'loaders only': '-' },
    'part of the Cronofy quota used': { ours: used.CRONOFY.toFixed(3), 'loaders only': '-' },
    'answered 429': row(ours.throttled, theirs.throttled),
    'answers that failed after the first pass': row(ours.healthy.failed, theirs.healthy.failed),
    '  of answers': row(ours.healthy.given, theirs.healthy.given),
    'p50 in ms': row(quantile(ours.healthy.latenciesMs, 0.5), quantile(theirs.healthy.latenciesMs, 0.5)),
    'p99 in ms': row(quantile(ours.healthy.latenciesMs, 0.99), quantile(theirs.healthy.latenciesMs, 0.99)),
    'mean age of a Partoo answer, best = 1': { ours: ratio.PARTOO.toFixed(2), 'loaders only': '-' },
    'mean age of a Cronofy answer, best = 1': { ours: ratio.CRONOFY.toFixed(2), 'loaders only': '-' },
    'failed while Partoo was down two minutes': { ours: ours.down.failed, 'loaders only': '-' },
    'p99 in ms meanwhile': { ours: quantile(ours.down.latenciesMs, 0.99).toFixed(1), 'loaders only': '-' },
    'seconds from healing to the first new answer': { ours: ours.recoverySeconds.toFixed(1), 'loaders only': '-' },
  });
  for (const codes of [ours.healthy.codes, ours.down.codes].filter((codes) => Object.keys(codes).length > 0)) {
    console.log('our failures by code', codes);
  }
  return (
    ours.throttled === 0 &&
    ours.healthy.failed === 0 &&
    ours.down.failed === 0 &&
    quantile(ours.healthy.latenciesMs, 0.5) < 20 &&
    quantile(ours.healthy.latenciesMs, 0.99) < 200 &&
    Math.max(ratio.PARTOO, ratio.CRONOFY) <= mostAge(share) &&
    Math.min(used.PARTOO, used.CRONOFY) >= leastUsed(share) &&
    ours.recoverySeconds <= 10
  );
}

/** How many of the calls of a window may be made in it: windows are kept to with a margin. */
function allowed(limit: number, windowSeconds: number): number {
  const windowMs = windowSeconds * 1_000;
  const [kept] = withMargin([{ limit, windowMs }]);
  return (limit * windowMs) / (kept?.windowMs ?? windowMs);
}

async function run(
  gateway: string,
  environment: Record<string, string>,
  { speed, share, minutes }: QuotaRun & { minutes: number },
) {
  const each = FULL.each * share;
  const providers = await start('./providers.ts', [PORTS.partoo, PORTS.cronofy, each, speed].map(String), {
    core: 1,
    port: PORTS.cronofy,
    output: true,
  });
  const server = await start(gateway, [], { core: 0, port: PORTS.gateway, flags: START_FLAGS, environment });
  const counts: { calls: number; throttled: number }[][] = [];
  if (providers.stdout) createInterface(providers.stdout).on('line', (line) => counts.push(JSON.parse(line)));

  const minuteMs = MINUTE / speed;
  const viewers = startViewers({
    port: PORTS.gateway,
    viewers: FULL.viewers * share,
    each,
    pollMs: FULL.pollMs / speed,
  });
  // The first pass: until every viewer has been shown everything once, or it is clear that this will not happen.
  const isOurs = minutes > 2;
  for (let waited = 0; viewers.unseen() > 0 && waited < (isOurs ? 15 : 2) * minuteMs; waited += 250) await sleep(250);
  const firstPassUnseen = viewers.unseen();
  if (isOurs && firstPassUnseen > 0) {
    const refused = counts.flat().reduce((sum, { throttled }) => sum + throttled, 0);
    throw new Error(`${firstPassUnseen} invitations were never answered; the providers answered ${refused} × 429`);
  }

  // A viewer that still waits for its first answer has it, or an error, when the deadline of a read has passed.
  await sleep(8_000);
  counts.length = 0;
  viewers.take();
  const startedAt = performance.now();
  await sleep((minutes - (isOurs ? 4 : 0)) * minuteMs);
  const healthy = viewers.take();
  const seconds = (performance.now() - startedAt) / 1_000;
  const total = (n: number) => counts.reduce((sum, count) => sum + (count[n]?.calls ?? 0), 0);
  const perMinute = [total(0), total(1)].map((calls) => (calls / seconds) * (60 / speed));

  let down = healthy;
  let recoverySeconds = Number.NaN;
  if (isOurs) {
    const control = `http://127.0.0.1:${PORTS.partoo}/_control/misbehave`;
    await fetch(control, { method: 'POST', body: JSON.stringify({ status: 503, delayMs: 1 }) });
    await sleep(2 * minuteMs);
    await fetch(control, { method: 'DELETE' });
    const healedAt = performance.now();
    down = viewers.take();
    const isBack = () => viewers.take().agesMs.PARTOO.some((ageMs) => ageMs < performance.now() - healedAt);
    while (!isBack() && performance.now() - healedAt < 30_000) await sleep(100);
    recoverySeconds = (performance.now() - healedAt) / 1_000;
    await sleep(2 * minuteMs);
  }
  const throttled = counts.flat().reduce((sum, count) => sum + count.throttled, 0);
  const stopped = viewers.stop();
  await Promise.all([stop(server), stop(providers), stopped]);
  return { healthy, down, recoverySeconds, perMinute, throttled };
}

function row(ours: number | undefined, theirs: number | undefined) {
  const text = (value = 0) => (Number.isInteger(value) ? String(value) : value.toFixed(1));
  return { ours: text(ours), 'loaders only': text(theirs) };
}

function speedUp(minutes: number, speed: number): number {
  return (minutes * MINUTE) / speed;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function quantile(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * share)] ?? Number.NaN;
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      speed: { type: 'string', default: '5' },
      share: { type: 'string', default: '1' },
      seeds: { type: 'string', default: '1' },
    },
  });
  try {
    const held = [
      await worldsBench(values.seeds.split(',').map(Number)),
      await quotaBench({ speed: Number(values.speed), share: Number(values.share) }),
      await newcomers(),
    ];
    if (held.includes(false)) {
      console.log('Not every figure holds.');
      process.exitCode = 1;
    }
  } finally {
    await stopAll();
  }
}
