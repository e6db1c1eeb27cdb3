// Many subscriptions, each to an invite of its own, at a Cronofy without a quota: a change is to cost no more where there
// are ten thousand than where there are two thousand. They come over WebSockets, fifty on each: a process holds ten thousand
// connections at most.

import { setTimeout as sleep } from 'node:timers/promises';
import { OPEN_GATEWAY } from '../open-gateway.ts';
import { notify, PER_SECOND, quantile, SECRET, Told } from './live-replies.ts';
import { cpuSeconds, start, stop } from './processes.ts';
import { subscribeOverSockets } from './socket-subscribers.ts';
import { START_FLAGS } from './start-flags.ts';

const PORTS = { cronofy: 17_221, gateway: 17_202 };
const CROWDS = [2_000, 10_000];
const LATENCY_MS = 5;
const MAX_P99_MS = 1_000;

/** @returns whether every figure holds. */
export async function crowds(seconds: number): Promise<boolean> {
  const held: boolean[] = [];
  for (const count of CROWDS) held.push(await crowd(count, seconds));
  return !held.includes(false);
}

async function crowd(count: number, seconds: number): Promise<boolean> {
  const cronofy = await start('./live-cronofy.ts', [PORTS.cronofy, count, LATENCY_MS].map(String), {
    core: 1,
    port: PORTS.cronofy,
  });
  const gateway = await start('./live-gateway.ts', [], {
    core: 0,
    port: PORTS.gateway,
    flags: START_FLAGS,
    environment: {
      ...OPEN_GATEWAY,
      PORT: String(PORTS.gateway),
      CRONOFY_CLIENT_SECRET: SECRET,
      CRONOFY_BASE_URL: `http://127.0.0.1:${PORTS.cronofy}`,
      CRONOFY_QUOTA: '5000/1s',
      MAX_STREAMS: String(count),
      MAX_STREAMS_PER_CALLER: String(count),
    },
  });
  const told = new Told();
  const startedAt = performance.now();
  const subscribers = await subscribeOverSockets({
    port: PORTS.gateway,
    count,
    refOf: (n) => `invite-${n}`,
    onEvent: ({ smartInviteId, comment }) => told.hear(smartInviteId, comment),
  });
  const openedMs = performance.now() - startedAt;
  await sleep(1_000);
  const before = cpuSeconds(gateway);
  const { delays, missed } = await notify(PORTS.gateway, seconds, told, 1, { cronofy: PORTS.cronofy, invites: count });
  const busy = (cpuSeconds(gateway) - before) / (seconds * PER_SECOND);
  await subscribers.stop();
  await stop(gateway);
  await stop(cronofy);
  const p99 = quantile(delays, 0.99);
  console.log(
    `${count} subscriptions of one invite each, opened in ${(openedMs / 1_000).toFixed(0)} s, ${PER_SECOND} notifications a second for ${seconds} s: to the subscriber p99 ${p99.toFixed(0)} ms, p50 ${quantile(delays, 0.5).toFixed(0)} ms (p99 under ${MAX_P99_MS} ms); ${(busy * 1_000).toFixed(1)} ms of the processor each, with the background reads; not shown: ${missed} of ${delays.length + missed}`,
  );
  return p99 < MAX_P99_MS && missed === 0;
}
