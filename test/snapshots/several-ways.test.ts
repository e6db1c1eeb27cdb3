// Invitations that are read in several places, of which one fails: what is read in the others goes on, on a clock that
// the test sets.

import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { externalIdOf, type Ref } from '../../src/invitation/ref.ts';
import type { Payment } from '../../src/upstream/payment.ts';
import type { Way } from '../../src/upstream/upstream.ts';
import { smartInviteRef } from '../refs.ts';
import { entryOf, newRefresher } from './refreshing.ts';
import { createFakeSource, inviteTo, now, pass, snapshotsOf, useClock } from './source.ts';

beforeEach(() => {
  useClock();
});
afterEach(() => vi.useRealTimers());

const inUs = smartInviteRef('US', 'us', null);
const inDe = (n: number) => smartInviteRef('DE', `de-${n}`, null);
const isInDe = (ref: Ref) => ref.type === 'SmartInvite' && ref.parts.dataCenter === 'DE';

const well: Way = { circuit: () => 'CLOSED', hasRoom: () => true, isCrowded: () => false };
const open: Way = { ...well, circuit: () => 'OPEN' };

test('an old answer is given at once only where the breaker of its own place is open', async () => {
  const source = createFakeSource();
  source.answer = (ref) => inviteTo(ref, 'pending');
  let way: Way = well;
  const { ask } = snapshotsOf({
    ...source,
    reader: { ...source.reader, originOf: (ref) => (isInDe(ref) ? 'de' : 'us') },
    upstream: { ...source.upstream, wayTo: (origin) => (origin === 'de' ? way : well) },
  });
  for (const ref of [inUs, inDe(1)]) expect(await ask(ref)).toBe('pending 0');
  await pass(70_000);
  way = open;
  source.answer = (ref) => inviteTo(ref, 'accepted');
  expect(await ask(inDe(1))).toBe('pending 70000 stale');
  expect(await ask(inUs)).toBe('accepted 0');
});

function refresherOfTwo(wayToDe: Way) {
  const reads: [id: string, payment: Payment, atMs: number][] = [];
  const begin = now();
  const { source, ask, see } = newRefresher(undefined, {
    async read({ ref }, payment) {
      reads.push([externalIdOf(ref), payment, now() - begin]);
      if (!isInDe(ref) || wayToDe.circuit() === 'CLOSED') see(ref, entryOf(ref, now()));
    },
    wayTo: (ref) => (isInDe(ref) ? wayToDe : well),
  });
  return { source, reads, want: (ref: Ref) => ask({ ref, withExtras: false }, now() - 20_000) };
}

test('probes of a place that fails cost nothing and come one a second, and what is read elsewhere does not wait', async () => {
  const { source, reads, want } = refresherOfTwo(open);
  for (let n = 0; n < 20; n++) want(inDe(n));
  for (let n = 0; n < 5; n++) want(smartInviteRef('US', `us-${n}`, null));
  await pass(0);
  expect(reads.filter(([id]) => id.startsWith('us-'))).toHaveLength(5);
  await pass(9_500);
  const probes = reads.filter(([id]) => id.startsWith('de-'));
  expect(probes.length).toBeGreaterThanOrEqual(9);
  expect(probes.length).toBeLessThanOrEqual(10);
  expect(new Set(probes.map(([, payment]) => payment.how))).toEqual(new Set(['background']));
  // They take turns.
  expect(new Set(probes.map(([id]) => id)).size).toBe(probes.length);
  expect(source.quota.status().remaining).toBe(1_000 - 5);
});

test('a place without room keeps only what is read there waiting', async () => {
  let hasRoom = false;
  const { reads, want } = refresherOfTwo({ ...well, hasRoom: () => hasRoom });
  want(inDe(1));
  want(inUs);
  await pass(500);
  expect(reads.map(([id]) => id)).toEqual(['us']);
  hasRoom = true;
  await pass(1_000);
  expect(reads.map(([id]) => id)).toEqual(['us', 'de-1']);
});
