// A provider as snapshots see it, for tests on a clock of their own: it answers as the test says, and notes what it was
// asked for. The quota is the real one; the breaker is what the test sets it to. A test fails if its provider gives an
// impossible answer (another invitation than the requested one, an attachment without a request for it).

import { expect, vi } from 'vitest';
import type { Invitation } from '../../src/invitation/kinds.ts';
import { Problem, SpareQuotaUsedUp } from '../../src/invitation/problem.ts';
import { isSameInvitation, type Ref, type RefTo, refOf } from '../../src/invitation/ref.ts';
import type { DeliveryStatus, ReviewInvitation } from '../../src/invitation/review-invitation.ts';
import type { SmartInvite } from '../../src/invitation/smart-invite.ts';
import type { SharedSnapshot } from '../../src/snapshots/codec.ts';
import { FRESHNESS } from '../../src/snapshots/freshness.ts';
import type { Source } from '../../src/snapshots/provider-read.ts';
import { createSnapshots, type SnapshotOptions } from '../../src/snapshots/snapshots.ts';
import { CallerGone, Cancellation } from '../../src/upstream/cancellation.ts';
import { isSpare, type Payment } from '../../src/upstream/payment.ts';
import { createQuota } from '../../src/upstream/quota.ts';
import type { QuotaWindow } from '../../src/upstream/quota-window.ts';
import type { Way } from '../../src/upstream/upstream.ts';
import { reviewInvitationRef, smartInviteRef } from '../refs.ts';

export interface FakeRead {
  readonly ref: Ref;
  readonly withExtras: boolean;
  readonly payment: Payment['how'];
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
/** The same while calls queue at the provider, so that what is known only grows older: nothing is read in the background. */
export async function passUnread(source: FakeSource, ms: number): Promise<void> {
  source.hasRoom = false;
  await pass(ms);
  source.hasRoom = true;
}
export const useClock = () => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] });

export function createFakeSource(windows: readonly QuotaWindow[] = [{ limit: 1_000, windowMs: 60_000 }]): FakeSource {
  const quota = createQuota('PARTOO', windows, { now });
  const reads: FakeRead[] = [];
  const way: Way = {
    circuit: () => source.circuit,
    hasRoom: () => source.hasRoom,
    isCrowded: () => source.isCrowded,
  };
  const source: FakeSource = {
    reads,
    quota,
    circuit: 'CLOSED',
    hasRoom: true,
    isCrowded: false,
    answer: (ref) => (ref.type === 'ReviewInvitation' ? review(ref, 'SENT') : inviteTo(ref, 'pending')),
    reader: {
      originOf: () => 'https://provider.example',
      async read(ref, { withExtras, payment, cancellation }) {
        if (!isSpare(payment)) await quota.take(payment, 8_000, cancellation);
        else if (payment.how !== 'prepaid' && quota.takeSpare(payment) > 0) throw new SpareQuotaUsedUp('PARTOO');
        const read = { ref, withExtras, payment: payment.how, cancellation, atMs: now() };
        reads.push(read);
        return new Promise((resolve, reject) => {
          cancellation.add({ cancelled: reject });
          Promise.resolve()
            .then(() => source.answer(ref, read))
            .then((invitation) => {
              expect.soft(isPlausible(invitation, read), 'a provider would answer so').toBe(true);
              resolve(invitation);
            })
            .catch((error: unknown) => {
              expect.soft(error, 'a provider would fail so').toBeInstanceOf(Problem);
              reject(error);
            });
        });
      },
    },
    upstream: {
      quota,
      wayTo: () => way,
    },
  };
  return source;
}

function isPlausible(invitation: Invitation | null, { ref, withExtras }: FakeRead): boolean {
  if (invitation === null) return true;
  if (!isSameInvitation(ref, refOf(invitation))) return false;
  if (ref.type === 'ReviewInvitation' || invitation.type === 'ReviewInvitation') return true;
  const { recipientEmail } = ref.parts;
  const isForRecipient = recipientEmail === null || invitation.recipient?.email === recipientEmail;
  return isForRecipient && (withExtras || invitation.attachments === null);
}

export function review(ref: Ref, deliveryStatus: DeliveryStatus): ReviewInvitation {
  if (ref.type !== 'ReviewInvitation') throw new TypeError('Partoo is asked for review invitations');
  return { type: 'ReviewInvitation', ...ref.parts, deliveryStatus, rawStatus: deliveryStatus };
}

interface InviteOptions {
  readonly endsAt?: string;
  readonly icalendar?: string;
}

/** The Smart Invite of that ref, whose one recipient replied this. */
export function inviteTo(ref: Ref, rawStatus: string, options: InviteOptions = {}): SmartInvite {
  if (ref.type !== 'SmartInvite') throw new TypeError('Cronofy is asked for Smart Invites');
  const { dataCenter, smartInviteId, recipientEmail } = ref.parts;
  const time = { dateTime: options.endsAt ?? '2099-05-04T09:30:00Z', date: null, timeZone: null };
  const email = recipientEmail ?? 'a@example.com';
  const recipient = { email, status: 'PENDING', rawStatus, comment: null, proposal: null } as const;
  return {
    type: 'SmartInvite',
    dataCenter,
    smartInviteId,
    recipient,
    recipients: [recipient],
    replies: [],
    callbackUrl: null,
    event: { summary: null, description: null, start: time, end: time, location: null },
    attachments: options.icalendar === undefined ? null : { icalendar: options.icalendar },
  };
}

export const board = smartInviteRef('US', 'board', null);

/** The Smart Invite `board`. */
export const invite = (rawStatus: string, options?: InviteOptions): SmartInvite => inviteTo(board, rawStatus, options);

export const refTo = (invitationId: string): RefTo<'ReviewInvitation'> => reviewInvitationRef(invitationId);

/** What another process has read, in a read that began a little while ago and has just ended. */
export function seenElsewhere(ref: Ref, invitation: Invitation, begunMsAgo = 0): SharedSnapshot {
  return { ref, invitation, observedAt: Date.now(), begunAt: now() - begunMsAgo, seenAt: now() };
}

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
    /** Status, age in milliseconds by `observedAt`, and `stale` where it says so; null, the code of the problem, or `CallerGone`. */
    async ask(
      ref: Ref = refTo('one'),
      wish: { maxAgeMs?: number; withExtras?: boolean; caller?: Cancellation; isPatient?: boolean } = {},
    ): Promise<string | null> {
      try {
        const snapshot = await snapshots.read(ref, {
          withExtras: wish.withExtras ?? false,
          maxAgeMs: wish.maxAgeMs ?? null,
          caller: wish.caller ?? new Cancellation(),
          // Another one each time: none is above its share.
          callerId: crypto.randomUUID(),
          isPatient: wish.isPatient ?? false,
        });
        if (snapshot === null) return null;
        const status = snapshot.type === 'ReviewInvitation' ? snapshot.rawStatus : snapshot.recipient?.rawStatus;
        return `${status} ${Date.now() - snapshot.observedAt.getTime()}${snapshot.staleness === null ? '' : ' stale'}`;
      } catch (error) {
        if (error instanceof Problem) return error.code;
        if (error instanceof CallerGone) return 'CallerGone';
        throw error;
      }
    },
  };
}
