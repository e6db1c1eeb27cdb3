// The effects of the settings that say how long an answer is good, and how many are remembered.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Environment } from '../../../src/settings.ts';
import { review } from '../../live/subscriber.ts';
import { type Effects, SENT, start } from './effect.ts';

const DELIVERED = '{ reviewInvitation(invitationId: "review-delivered") { observedAt isStale } }';
const UNKNOWN = '{ reviewInvitation(invitationId: "review-unknown") { id } }';
/** Every query reads again. */
const NOTHING_FRESH = { FRESH_SECONDS: '0', REVALIDATE_SECONDS: '0' };

/** How many calls a query costs that is made twice. */
const callsForTwo = (query: string) => async (environment: Environment) => {
  const gateway = await start(environment);
  await gateway.query(query);
  await sleep(20);
  await gateway.query(query);
  // A background read begins after the answer.
  await sleep(20);
  return gateway.takeCalls().partoo.length;
};

/** How many calls it costs to ask for reviews, and then for the first of them again. */
const callsForFirstAgain = (reviews: number) => async (environment: Environment) => {
  const { query, takeCalls, sandbox } = await start(environment);
  sandbox.partoo.misbehave({ status: 200, body: '{}' });
  const ids = Array.from({ length: reviews }, (_, n) => `review-${n}-${'x'.repeat(400)}`);
  const ask = (some: readonly string[]) =>
    query('query($refs: [InvitationRef!]!) { invitations(refs: $refs) { status } }', { refs: some.map(review) });
  for (let n = 0; n < ids.length; n += 100) await ask(ids.slice(n, n + 100));
  takeCalls();
  await ask(ids.slice(0, 1));
  return takeCalls().partoo.length;
};

/** Whether a known answer is given as a stale one while its provider misbehaves. */
const staleWhile = (misbehaviour: object) => async (environment: Environment) => {
  const { query, sandbox } = await start(environment);
  await query(SENT);
  sandbox.partoo.misbehave(misbehaviour);
  const { data, errors } = await query(SENT);
  return data.reviewInvitation?.isStale ?? errors?.[0]?.extensions.code;
};

export const SNAPSHOT_EFFECTS: Effects = {
  FRESH_SECONDS: { value: '0', observe: callsForTwo(SENT), without: 1, with: 2 },
  FINAL_SECONDS: {
    value: '0',
    beside: NOTHING_FRESH,
    observe: callsForTwo(DELIVERED),
    without: 1,
    with: 2,
  },
  REVALIDATE_SECONDS: {
    value: '0',
    beside: { FRESH_SECONDS: '0', PATIENCE_SECONDS: '5' },
    // The old answer is given at once, and read again behind it; or the reading is waited for.
    observe: staleWhile({ status: 500 }),
    without: false,
    with: true,
  },
  PATIENCE_SECONDS: {
    value: '5',
    beside: NOTHING_FRESH,
    observe: staleWhile({ delayMs: 1_500 }),
    without: true,
    with: false,
  },
  STALE_SECONDS: {
    value: '0',
    beside: NOTHING_FRESH,
    observe: staleWhile({ status: 500 }),
    without: true,
    with: 'PROVIDER_UNAVAILABLE',
  },
  NOT_FOUND_SECONDS: { value: '0', observe: callsForTwo(UNKNOWN), without: 1, with: 2 },
  SNAPSHOT_MAX_ENTRIES: { value: '1', observe: callsForFirstAgain(2), without: 0, with: 1 },
  SNAPSHOT_MAX_MEGABYTES: {
    value: '1',
    beside: { PARTOO_QUOTA: '5000/1s' },
    observe: callsForFirstAgain(1_500),
    without: 0,
    with: 1,
  },
};
