// `npm run bench:soak [-- --minutes n]`: a long run in bad weather. Five hundred operations a second and five hundred streams
// that come and go, against a gateway of its own process, while both providers fail in one way after another and Redis
// is restarted every minute. Its memory must not grow from the first third to the last, and at the end its heap,
// descriptors, sockets and timers must be where they were before.

import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Pool } from 'undici';
import { startCronofy } from '../../src/sandbox/cronofy.ts';
import type { Misbehaviour } from '../../src/sandbox/misbehaviour.ts';
import { startPartoo } from '../../src/sandbox/partoo.ts';
import { OPEN_GATEWAY } from '../open-gateway.ts';
import { startRedisServer } from '../redis/server.ts';
import { start, stop, stopAll } from './processes.ts';
import type { Held } from './soak-gateway.ts';
import { startStreams } from './soak-streams.ts';
import { START_FLAGS } from './start-flags.ts';

const PORT = 17_200;
const PER_SECOND = 500;
const TICK_MS = 20;
const EACH = 300;
const FAULT_MS = 3_000;
const STREAMS = 500;
const REDIS_RESTART_MS = 60_000;
const WARM_UP_SECONDS = 20;
/** How often memory is looked at while it runs. */
const SAMPLES = 12;
const OUT_OF = 'TCPSocketWrap and Timeout of getActiveResourcesInfo';

const FAULTS: readonly (Misbehaviour | undefined)[] = [
  { status: 503 },
  undefined,
  { mode: 'hang' },
  { mode: 'reset', times: 200 },
  undefined,
  { mode: 'cut' },
  { body: '<html>Sorry</html>' },
  undefined,
  { mode: 'drip' },
  { status: 429, headers: { 'retry-after': '1' } },
  undefined,
  { mode: 'endless' },
  { status: 401 },
  undefined,
  { delayMs: 500 },
  { mode: 'drip-headers' },
  undefined,
];

const QUERY = `query Soak($refs: [InvitationRef!]!, $maxAge: Int) {
  invitations(refs: $refs, maxAgeSeconds: $maxAge) { id status isStale observedAt ... on SmartInvite { recipients { email } } }
}`;

/** @returns whether the gateway holds on to no more than before, and never failed of itself. */
export async function soak(seconds: number): Promise<boolean> {
  const quick = { latencyMs: 1, quota: [] };
  const [partoo, cronofy] = await Promise.all([startPartoo(quick), startCronofy(quick, [])]);
  const event = { summary: 'Soak', start: '2099-12-04T09:30:00Z', end: '2099-12-04T10:30:00Z' };
  for (let n = 0; n < EACH; n++) {
    partoo.put({ invitation_id: `review-${n}`, status: 'SENT' });
    cronofy.put({ smart_invite_id: `invite-${n}`, recipient: { email: `${n}@example.com`, status: 'pending' }, event });
  }
  const redis = await startRedisServer();
  const gateway = await start('./soak-gateway.ts', [], {
    core: 0,
    port: PORT,
    flags: START_FLAGS,
    output: true,
    environment: {
      ...OPEN_GATEWAY,
      PORT: String(PORT),
      ...partoo.variables,
      ...cronofy.variables,
      PARTOO_QUOTA: '100000/1s',
      CRONOFY_QUOTA: '100000/1s',
      FRESH_SECONDS: '0.5',
      REVALIDATE_SECONDS: '2',
      REDIS_URL: redis.url,
      PROCESSES: '1',
      MAX_STREAMS: '2000',
      MAX_STREAMS_PER_CALLER: '2000',
    },
  });
  if (gateway.stdout === null) throw new Error('the gateway cannot be heard');
  const lines = createInterface(gateway.stdout);
  const ended = once(gateway, 'exit').then(([code, signal]) => {
    throw new Error(`the gateway has ended with ${code ?? signal}`);
  });
  const held = (): Promise<Held> => {
    const line = once(lines, 'line').then(([text]) => JSON.parse(String(text)) as Held);
    gateway.kill('SIGUSR2');
    return Promise.race([line, ended]);
  };

  try {
    // Everything is asked for once, compiled and kept: that is not given back, nor shall it be.
    const warmUp = watchSome();
    await operate(WARM_UP_SECONDS);
    await warmUp.stop();
    const before = await settled(held, undefined);
    const origins = [partoo.origin, cronofy.origin];
    const weather = changeWeather(origins, seconds);
    const restarts = restartEveryMinute(redis.restart, seconds);
    const streams = watchSome();
    const samples = sampleMemory(held, seconds);
    const counts = await operate(seconds);
    await Promise.all([weather, restarts, streams.stop()]);
    const [first, last] = thirdsOf(await samples);
    const after = await settled(held, before);
    console.log(`${counts.answers} operations in ${seconds} s of bad weather: ${counts.failures} without an answer`);
    console.log(
      `${streams.events()} events of ${STREAMS} streams at a time; Redis was restarted ${await restarts} times`,
    );
    console.log(`memory in the last third beside the first: ${(last / first).toFixed(2)} × (at most 1.10 ×)`);
    console.log('error codes:', counts.codes);
    console.table({ before, after });
    console.log(`(sockets and timers: ${OUT_OF})`);
    return (
      counts.failures === 0 &&
      (counts.codes.INTERNAL_SERVER_ERROR ?? 0) === 0 &&
      after.rejections === 0 &&
      after.warnings === 0 &&
      last <= 1.1 * first &&
      isBack(after, before) &&
      gateway.exitCode === null
    );
  } finally {
    await stop(gateway);
    await Promise.all([partoo.stop(), cronofy.stop(), redis.stop()]);
  }
}

function isBack(after: Held, before: Held): boolean {
  return (
    after.heapMegabytes <= before.heapMegabytes + Math.max(10, before.heapMegabytes * 0.2) &&
    after.sockets <= before.sockets + 4 &&
    after.descriptors <= before.descriptors + 4 &&
    after.timers <= before.timers + 4
  );
}

const any = (kind: 'review' | 'invite') => `${kind}-${Math.floor(Math.random() * EACH)}`;

function watchSome() {
  const refs = () => [
    { reviewInvitation: { invitationId: any('review') } },
    { smartInvite: { smartInviteId: any('invite') } },
  ];
  return startStreams({ port: PORT, atOnce: STREAMS, refs });
}

/** @returns how often it was done. */
async function restartEveryMinute(restart: () => Promise<void>, seconds: number): Promise<number> {
  const until = performance.now() + seconds * 1_000;
  for (let restarts = 0; ; restarts++) {
    const leftMs = until - performance.now();
    await sleep(Math.max(0, Math.min(REDIS_RESTART_MS, leftMs)));
    if (leftMs <= REDIS_RESTART_MS) return restarts;
    await restart();
  }
}

/** What the process held, after the garbage was collected, in megabytes. */
async function sampleMemory(held: () => Promise<Held>, seconds: number): Promise<number[]> {
  const samples: number[] = [];
  for (let n = 0; n < SAMPLES; n++) {
    await sleep((seconds * 1_000) / (SAMPLES + 1));
    samples.push((await held()).heapMegabytes);
  }
  return samples;
}

/** The mean of the first third, and of the last. */
function thirdsOf(samples: readonly number[]): [first: number, last: number] {
  const third = Math.floor(samples.length / 3);
  const mean = (some: readonly number[]) => some.reduce((sum, one) => sum + one, 0) / some.length;
  return [mean(samples.slice(0, third)), mean(samples.slice(-third))];
}

/** Idle connections close by themselves, and so do their timers: what is held when that is over, after 45 s at most. */
async function settled(held: () => Promise<Held>, target: Held | undefined): Promise<Held> {
  const until = performance.now() + 45_000;
  for (;;) {
    const now = await held();
    // Redis has two connections.
    const isIdle = target === undefined ? now.sockets <= 4 : isBack(now, target);
    if (isIdle || performance.now() > until) return now;
    await sleep(1_000);
  }
}

async function changeWeather(origins: readonly string[], seconds: number): Promise<void> {
  const until = performance.now() + seconds * 1_000 - FAULT_MS;
  for (let n = 0; performance.now() < until; n++) {
    // Not both in the same way at once.
    await Promise.all(origins.map((origin, one) => misbehave(origin, FAULTS[(n + 3 * one) % FAULTS.length])));
    await sleep(FAULT_MS);
  }
  await Promise.all(origins.map((origin) => misbehave(origin, undefined)));
}

async function misbehave(origin: string, fault: Misbehaviour | undefined): Promise<void> {
  const path = `${origin}/_control/misbehave`;
  await fetch(path, fault === undefined ? { method: 'DELETE' } : { method: 'POST', body: JSON.stringify(fault) });
}

async function operate(seconds: number) {
  const pool = new Pool(`http://127.0.0.1:${PORT}`, { connections: 4_000 });
  const counts = { answers: 0, failures: 0, codes: {} as Record<string, number> };
  const random = (below: number) => Math.floor(Math.random() * below);

  async function ask(): Promise<void> {
    const refs = [
      { reviewInvitation: { invitationId: `review-${random(EACH)}` } },
      { reviewInvitation: { invitationId: `review-${random(EACH)}` } },
      { smartInvite: { smartInviteId: `invite-${random(EACH)}` } },
    ];
    const variables = { refs, maxAge: random(10) === 0 ? 0 : null };
    // One in fifty leaves at once.
    const signal = random(50) === 0 ? AbortSignal.timeout(5) : null;
    const response = await pool.request({
      method: 'POST',
      path: '/graphql',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: QUERY, variables }),
      signal,
    });
    const { errors = [] } = (await response.body.json()) as { errors?: { extensions: { code: string } }[] };
    counts.answers += 1;
    for (const { extensions } of errors) counts.codes[extensions.code] = (counts.codes[extensions.code] ?? 0) + 1;
  }

  const asked = new Set<Promise<void>>();
  const startedAt = performance.now();
  for (let sent = 0; performance.now() - startedAt < seconds * 1_000; ) {
    const due = ((performance.now() - startedAt) * PER_SECOND) / 1_000;
    for (; sent < due; sent++) {
      const one: Promise<void> = ask()
        .catch((error: Error) => {
          if (error.name !== 'TimeoutError') counts.failures += 1;
        })
        .finally(() => asked.delete(one));
      asked.add(one);
    }
    await sleep(TICK_MS);
  }
  await Promise.all(asked);
  await pool.close();
  return counts;
}

if (import.meta.main) {
  try {
    const { values } = parseArgs({ options: { minutes: { type: 'string', default: '1' } } });
    if (!(await soak(Number(values.minutes) * 60))) {
      console.log('It is not back where it was.');
      process.exitCode = 1;
    }
  } finally {
    await stopAll();
  }
}
