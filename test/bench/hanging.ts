// One provider hangs: how long the other's answers take meanwhile, beside how long they take when it does not. Both are
// asked all the time, by turns in good weather and in bad, and every answer comes from the provider.

import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'undici';
import { startCronofy } from '../../src/sandbox/cronofy.ts';
import { startPartoo } from '../../src/sandbox/partoo.ts';
import { OPEN_GATEWAY } from '../open-gateway.ts';
import { start, stop } from './processes.ts';
import { START_FLAGS } from './start-flags.ts';

const PORT = 17_300;
const TURNS = 4;
const TURN_MS = 3_000;
const READERS = 16;
const HUNG_PER_SECOND = 20;

const ANSWERING = 'query($id: ID!) { smartInvite(smartInviteId: $id, maxAgeSeconds: 0) { status } }';
const HANGING = 'query($id: ID!) { reviewInvitation(invitationId: $id) { status } }';

/** @returns whether the other's p99 stays within a tenth. */
export async function hanging(): Promise<boolean> {
  const [partoo, cronofy] = await Promise.all([startPartoo({ quota: [] }), startCronofy({ quota: [] }, [])]);
  const time = '2099-12-04T09:30:00Z';
  const recipient = { email: 'guest@example.com', status: 'pending' };
  const event = { summary: 'Lunch', start: time, end: time };
  // One for each reader: those who ask for the same share a call.
  for (let n = 0; n < READERS; n++) cronofy.put({ smart_invite_id: `invite-${n}`, recipient, event });
  const quotas = { PARTOO_QUOTA: '100000/1s', CRONOFY_QUOTA: '100000/1s' };
  const environment = {
    ...OPEN_GATEWAY,
    PORT: String(PORT),
    ...partoo.variables,
    ...cronofy.variables,
    ...quotas,
  };
  const gateway = await start('../../src/main.ts', [], { core: 0, port: PORT, flags: START_FLAGS, environment });
  const pool = new Pool(`http://127.0.0.1:${PORT}`, { connections: 1_000 });

  async function ask(query: string, variables = {}): Promise<void> {
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({ query, variables });
    const response = await pool.request({ method: 'POST', path: '/graphql', headers, body });
    await response.body.dump();
  }

  const hung = new Set<Promise<void>>();
  let asked = 0;
  const asking = setInterval(() => {
    const one: Promise<void> = ask(HANGING, { id: `review-${asked++}` }).finally(() => hung.delete(one));
    hung.add(one);
  }, 1_000 / HUNG_PER_SECOND);

  async function turn(): Promise<number[]> {
    const until = performance.now() + TURN_MS;
    const latencies: number[] = [];
    const reader = async (n: number) => {
      await sleep(n * 5);
      while (performance.now() < until) {
        const startedAt = performance.now();
        await ask(ANSWERING, { id: `invite-${n}` });
        latencies.push(performance.now() - startedAt);
      }
    };
    await Promise.all(Array.from({ length: READERS }, (_, n) => reader(n)));
    return latencies;
  }

  const good: number[] = [];
  const bad: number[] = [];
  await turn();
  for (let n = 0; n < TURNS; n++) {
    partoo.misbehave(undefined);
    good.push(...(await turn()));
    partoo.misbehave({ mode: 'hang' });
    bad.push(...(await turn()));
  }
  clearInterval(asking);
  await Promise.all(hung);
  await Promise.all([pool.close(), stop(gateway), partoo.stop(), cronofy.stop()]);

  const ratio = p99(bad) / p99(good);
  console.log(
    `p99 of one provider's answers while the other hangs: ${p99(bad).toFixed(1)} ms against ${p99(good).toFixed(1)} ms = ${ratio.toFixed(2)} × (at most 1.10 ×)`,
  );
  return ratio <= 1.1;
}

function p99(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * 0.99)] ?? Number.NaN;
}
