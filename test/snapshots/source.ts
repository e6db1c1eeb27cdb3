// A provider as snapshots see it, for tests on a clock of their own: it answers as the test says, and notes what it was
// asked for. The quota is the real one; the breaker is what the test sets it to.

import { vi } from 'vitest';
import type { Invitation, ReviewInvitation, SmartInvite } from '../../src/invitation/invitation.ts';
import { SpareQuotaUsedUp } from '../../src/invitation/problem.ts';
import { type Ref, type ReviewInvitationRef, reviewInvitationRef, smartInviteRef } from '../../src/invitation/ref.ts';
import { FRESHNESS } from '../../src/snapshots/freshness.ts';
import type { Source } from '../../src/snapshots/provider-read.ts';
import { createSnapshots, type SnapshotOptions } from '../../src/snapshots/snapshots.ts';
import { Cancellation } from '../../src/upstream/cancellation.ts';
import { createQuota, type QuotaWindow } from '../../src/upstream/quota.ts';
import type { Payment } from '../../src/upstream/upstream.ts';

export interface FakeRead {
  readonly ref: Ref;
  readonly withIcalendar: boolean;
  readonly payment: Payment;
  readonly cancellation: Cancellation;
  readonly atMs: number;
}

export interface FakeSource extends Source {
  readonly reads: FakeRead[];
  readonly quota: ReturnType<typeof createQuota>;
  circuit: 'CLOSED' | 'OPEN' | 'HALF_OPEN';
  hasRoom: boolean;
  isCrowded: boolean;
  answer: (ref: Ref, read: FakeRead) => Promise<Invitation | null> | Invitation | null;
}

export const now = () => performance.now();
export const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
export const useClock = () => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] });

export function createFakeSource(windows: readonly QuotaWindow[] = [{ limit: 1_000, windowMs: 60_000 }]): FakeSource {
  const quota = createQuota('PARTOO', windows, now);
  const reads: FakeRead[] = [];
  const source: FakeSource = {
    reads,
    quota,
    circuit: 'CLOSED',
    hasRoom: true,
    isCrowded: false,
    answer: (ref) => review(ref as ReviewInvitationRef, 'SENT'),
    reader: {
      async read(ref, { withIcalendar, payment, cancellation }) {
        if (payment === 'due' || payment === 'again') await quota.take(8_000, cancellation);
        if (payment === 'spare' && quota.takeInBackground() > 0) throw new SpareQuotaUsedUp('PARTOO');
        const read = { ref, withIcalendar, payment, cancellation, atMs: now() };
        reads.push(read);
        return new Promise((resolve, reject) => {
          cancellation.add({ cancelled: reject });
          Promise.resolve()
            .then(() => source.answer(ref, read))
            .then(resolve, reject);
        });
      },
    },
    upstream: {
      quota,
      policy: {
        circuit: () => source.circuit,
        hasRoom: () => source.hasRoom,
        isCrowded: () => source.isCrowded,
        onCircuit: () => {},
      },
    },
  };
  return source;
}

export function review(ref: ReviewInvitationRef, deliveryStatus: ReviewInvitation['deliveryStatus']): ReviewInvitation {
  return { type: 'ReviewInvitation', invitationId: ref.invitationId, deliveryStatus, rawStatus: deliveryStatus };
}

/** The Smart Invite `board`, whose one recipient replied this. */
export function invite(rawStatus: string, more: { endsAt?: string; icalendar?: string } = {}): SmartInvite {
  const time = { dateTime: more.endsAt ?? '2099-05-04T09:30:00Z', date: null, timeZone: null };
  const recipient = { email: 'a@example.com', status: 'PENDING', rawStatus, comment: null, proposal: null } as const;
  return {
    type: 'SmartInvite',
    dataCenter: 'US',
    smartInviteId: 'board',
    recipient,
    recipients: [recipient],
    replies: [],
    callbackUrl: null,
    event: { summary: null, description: null, start: time, end: time, location: null },
    attachments: more.icalendar === undefined ? null : { icalendar: more.icalendar },
  };
}

export const board = smartInviteRef('US', 'board', null);

export const refTo = (invitationId: string): ReviewInvitationRef => reviewInvitationRef(invitationId);

/** Snapshots of one source, and a way to ask for one that says in short what came. */
export function snapshotsOf(source: FakeSource, options: Partial<SnapshotOptions> = {}) {
  const snapshots = createSnapshots(
    new Map([
      ['ReviewInvitation', source],
      ['SmartInvite', source],
    ]),
    { ...FRESHNESS, maxEntries: 1_000, maxBytes: 10_000_000, now, ...options },
  );
  return {
    snapshots,
    /** Status, age in milliseconds by `observedAt`, and `stale` where it says so; null, or the code of the problem. */
    async ask(
      ref: Ref = refTo('one'),
      wish: { maxAgeMs?: number; withIcalendar?: boolean; caller?: Cancellation; isPatient?: boolean } = {},
    ): Promise<string | null> {
      try {
        const snapshot = await snapshots.read(ref, {
          withIcalendar: wish.withIcalendar ?? false,
          maxAgeMs: wish.maxAgeMs ?? null,
          caller: wish.caller ?? new Cancellation(),
          isPatient: wish.isPatient ?? false,
        });
        if (snapshot === null) return null;
        const status = snapshot.type === 'ReviewInvitation' ? snapshot.rawStatus : snapshot.recipient?.rawStatus;
        return `${status} ${Date.now() - snapshot.observedAt.getTime()}${snapshot.isStale ? ' stale' : ''}`;
      } catch (error) {
        if (error instanceof Error) return 'code' in error ? String(error.code) : error.name;
        throw error;
      }
    },
  };
}
