// What one known invitation takes, with all that is kept about when it is read next: the heap's growth, and the process's.

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Invitation } from '../../src/invitation/kinds.ts';
import { type Ref, refTo } from '../../src/invitation/ref.ts';
import { FRESHNESS } from '../../src/snapshots/freshness.ts';
import type { Source } from '../../src/snapshots/provider-read.ts';
import { createSnapshots } from '../../src/snapshots/snapshots.ts';
import { Cancellation } from '../../src/upstream/cancellation.ts';
import { createQuota } from '../../src/upstream/quota.ts';

const COUNT = 20_000;
const MAX_KILOBYTES = 4;

setFlagsFromString('--expose-gc');
const collect: () => void = runInNewContext('gc');

type Read = (ref: Ref) => Invitation;

/** As decoded from the wire: no text is shared with another one. */
const readReview: Read = (ref) =>
  JSON.parse(JSON.stringify({ type: 'ReviewInvitation', ...ref.parts, deliveryStatus: 'SENT', rawStatus: 'SENT' }));

const readInvite: Read = (ref) => {
  if (ref.type !== 'SmartInvite') throw new TypeError('a Smart Invite was asked for');
  const time = { dateTime: '2099-12-04T09:30:00+01:00', date: null, timeZone: 'Europe/Paris' };
  const email = `${ref.parts.smartInviteId}@example.com`;
  const recipient = { email, status: 'PENDING', rawStatus: 'pending', comment: null, proposal: null };
  return JSON.parse(
    JSON.stringify({
      type: 'SmartInvite',
      ...ref.parts,
      recipient,
      recipients: [recipient],
      replies: [],
      callbackUrl: 'https://gateway.example.com/webhooks/cronofy',
      event: { summary: 'Board meeting', description: null, start: time, end: time, location: null },
      attachments: null,
    }),
  );
};

/** @returns whether one takes no more than it may. */
export async function knownBench(): Promise<boolean> {
  const review = await measure(readReview, (n) => refTo('ReviewInvitation', { invitationId: `review-${n}` }));
  const invite = await measure(readInvite, (n) =>
    refTo('SmartInvite', { dataCenter: 'US', smartInviteId: `invite-${n}`, recipientEmail: null }),
  );
  const text = ({ heap, resident }: typeof review) =>
    `${heap.toFixed(2)} KB on the heap (${resident.toFixed(2)} KB resident)`;
  console.log(
    `one known invitation takes ${text(review)}, a Smart Invite ${text(invite)} (at most ${MAX_KILOBYTES} KB)`,
  );
  return review.heap <= MAX_KILOBYTES && invite.heap <= MAX_KILOBYTES;
}

async function measure(read: Read, refOf: (n: number) => Ref) {
  // What runs for the first time takes memory of its own.
  const first = await fill(read, refOf, 1_000_000, 1_000);
  const before = held();
  const kept = await fill(read, refOf, 0, COUNT);
  const after = held();
  for (const one of [first, kept]) one.stop();
  return {
    heap: (after.heap - before.heap) / COUNT / 1_024,
    resident: (after.resident - before.resident) / COUNT / 1_024,
  };
}

async function fill(read: Read, refOf: (n: number) => Ref, from: number, count: number) {
  const quota = createQuota('PARTOO', [{ limit: 10_000_000, windowMs: 1_000 }]);
  const way = { hasRoom: () => false, isCrowded: () => false, circuit: () => 'CLOSED' as const };
  const source: Source = {
    reader: { originOf: () => 'provider', read: async (ref) => read(ref) },
    upstream: { quota, wayTo: () => way },
  };
  const sources = new Map([
    ['ReviewInvitation' as const, source],
    ['SmartInvite' as const, source],
  ]);
  let aheadMs = 0;
  const now = () => performance.now() + aheadMs;
  const snapshots = createSnapshots(sources, { ...FRESHNESS, maxEntries: 1_000_000, maxBytes: 1_000_000_000, now });
  const wish = { withExtras: false, maxAgeMs: null, caller: new Cancellation(), callerId: 'caller' };
  for (let n = from; n < from + count; n++) {
    await snapshots.read(refOf(n), { ...wish, caller: new Cancellation() });
    // Looked at again, by a ref of its own.
    snapshots.answer(refOf(n), false, null);
  }
  // Each has become a wish, which has a place in the order.
  aheadMs = FRESHNESS.freshMs;
  const wanted = [...sources.keys()].map((type) => snapshots.waiting(type).wanted).reduce((a, b) => a + b);
  if (wanted !== count) throw new Error(`${wanted} of ${count} are wanted`);
  return snapshots;
}

function held() {
  for (let n = 0; n < 4; n++) collect();
  const { heapUsed, rss } = process.memoryUsage();
  return { heap: heapUsed, resident: rss };
}

if (import.meta.main) process.exit((await knownBench()) ? 0 : 1);
