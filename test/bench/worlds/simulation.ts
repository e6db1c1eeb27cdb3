// One world for some hours: what callers are given by the gateway's own snapshots, refresher and quota, on a clock of its
// own. The provider answers after a moment, and counts what comes over its limit.

import { SpareQuotaUsedUp } from '../../../src/invitation/problem.ts';
import { externalIdOf, type Ref, refTo } from '../../../src/invitation/ref.ts';
import type { ReviewInvitation } from '../../../src/invitation/review-invitation.ts';
import type { Snapshot } from '../../../src/invitation/snapshot.ts';
import { FRESHNESS } from '../../../src/snapshots/freshness.ts';
import type { Learning } from '../../../src/snapshots/learning.ts';
import type { Source } from '../../../src/snapshots/provider-read.ts';
import { createSnapshots, type Snapshots } from '../../../src/snapshots/snapshots.ts';
import type { WishOrder } from '../../../src/snapshots/wish.ts';
import { Cancellation } from '../../../src/upstream/cancellation.ts';
import { isSpare } from '../../../src/upstream/payment.ts';
import { createQuota, type Quota } from '../../../src/upstream/quota.ts';
import { parseQuota, withMargin } from '../../../src/upstream/quota-window.ts';
import type { Way } from '../../../src/upstream/upstream.ts';
import type { SimulatedClock } from './clock.ts';
import { type Mode, orderOf } from './modes.ts';
import { mean, type Outcome, quantile } from './outcome.ts';
import { Waits } from './waits.ts';
import { HOUR, Random, type World } from './worlds.ts';

/** Four reads a second. */
const QUOTA = '244/60s';
const LIMIT = 244;
const MS_A_READ = 61_000 / LIMIT;
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
/** How long a caller's read waits for its quota. */
const PATIENCE_MS = 7_500;
const VIEWERS = 50;
const SENT_EVERY_MS = 1_000 / 0.3;
const LOOK_EVERY_MS = 1_000 / 40;
const KEPT_MS = 6 * HOUR;
const LATENCY_MS = 120;
/** How many of the newest ones are looked at where the newest are, on average. */
const NEWEST = 100;

interface Sent {
  readonly ref: Ref;
  readonly sentAt: number;
  readonly changesAt: number;
  /** A read has seen it before its change, and after it. */
  isSeenBefore: boolean;
  isSeenAfter: boolean;
}

export class Simulation {
  readonly #clock: SimulatedClock;
  readonly #world: World;
  /** What is sent and when it changes, at what callers look, and who they are: the same for every order. */
  readonly #sending: Random;
  readonly #looking: Random;
  readonly #callers: Random;
  readonly #quota: Quota;
  readonly #snapshots: Snapshots;
  readonly #byId = new Map<string, Sent>();
  readonly #byKey = new Map<string, Sent>();
  /** What callers look at, the oldest first. */
  readonly #live: Sent[] = [];
  readonly #beginsAt: number;
  #countsFrom = Number.POSITIVE_INFINITY;
  readonly #calls: number[] = [];
  #firstCall = 0;
  readonly #toRead: number[] = [];
  readonly #toAnswer: number[] = [];
  readonly #counted = { given: 0, untrue: 0, agesMs: 0, reads: 0, refused: 0, longestWait: 0, failed: 0 };
  #waits: Waits | undefined;

  constructor(clock: SimulatedClock, world: World, mode: Mode, seed: number) {
    this.#clock = clock;
    this.#world = world;
    this.#sending = new Random(seed);
    this.#looking = new Random(seed + 1_000_003);
    this.#callers = new Random(seed + 2_000_003);
    this.#beginsAt = clock.now;
    const now = () => clock.now;
    this.#quota = createQuota('PARTOO', withMargin(parseQuota(QUOTA) ?? []), { now });
    const sentAt = (key: string) => (this.#byKey.get(key)?.sentAt ?? 0) + this.#beginsAt;
    const unchanged = (ageMs: number, at: number) => world.unchanged(ageMs, at - this.#beginsAt);
    const createOrder = ({ evidence }: Learning): WishOrder => {
      this.#waits = new Waits(orderOf(mode, evidence, { sentAt, unchanged }));
      return this.#waits;
    };
    const sources = new Map([['ReviewInvitation' as const, this.#source()]]);
    const limits = { maxEntries: 1_000_000, maxBytes: 10_000_000_000 };
    // Where a round takes longer than ten minutes, callers would read by themselves what is too old to be given.
    const freshness = { ...FRESHNESS, staleMs: HOUR };
    this.#snapshots = createSnapshots(sources, { ...freshness, ...limits, createOrder, now });
  }

  /** Counts the second half of the hours. */
  async run(hours: number): Promise<Outcome> {
    const { now: begin } = this.#clock;
    let [sendsAt, looksAt] = [begin, begin];
    const endsAt = begin + hours * HOUR;
    this.#countsFrom = begin + (hours / 2) * HOUR;
    while (true) {
      const at = Math.min(sendsAt, looksAt, this.#clock.nextAt());
      if (at >= endsAt) break;
      if (at === this.#clock.nextAt()) {
        await this.#clock.runNext();
      } else if (at === sendsAt) {
        this.#clock.now = at;
        this.#send();
        sendsAt += this.#sending.exponential(SENT_EVERY_MS);
      } else {
        this.#clock.now = at;
        // What was not known is read at once; what has to wait is not waited for here.
        if (this.#look()) await this.#clock.settle();
        looksAt += this.#looking.exponential(LOOK_EVERY_MS);
      }
      this.#noteWait();
    }
    const outcome = this.#outcome(hours);
    this.#snapshots.stop();
    return outcome;
  }

  #isCounting(): boolean {
    return this.#clock.now >= this.#countsFrom;
  }

  #send(): void {
    const sentAt = this.#clock.now - this.#beginsAt;
    const ref = refTo('ReviewInvitation', { invitationId: `review-${this.#byId.size}` });
    const changesAt = sentAt + this.#world.changesIn(sentAt, this.#sending);
    const sent = { ref, sentAt, changesAt: changesAt + this.#beginsAt, isSeenBefore: false, isSeenAfter: false };
    this.#byId.set(externalIdOf(ref), sent);
    this.#byKey.set(ref.key, sent);
    this.#live.push(sent);
  }

  /** @returns whether it was not known. */
  #look(): boolean {
    const live = this.#live;
    while (live[0] !== undefined && live[0].sentAt < this.#clock.now - this.#beginsAt - KEPT_MS) live.shift();
    if (live.length === 0) return false;
    const back = this.#world.looksAtNewest
      ? Math.floor(this.#looking.exponential(NEWEST))
      : Math.floor(this.#looking.share() * live.length);
    const sent = live[Math.max(0, live.length - 1 - back)];
    if (sent === undefined) return false;
    const given = this.#snapshots.answer(sent.ref, false, null);
    if (given !== undefined) {
      this.#give(sent, given);
      return false;
    }
    const isNew = this.#snapshots.peek(sent.ref) === null;
    const wish = { withExtras: false, maxAgeMs: null, caller: new Cancellation(), callerId: this.#caller() };
    this.#snapshots.read(sent.ref, wish).then(
      (snapshot) => this.#give(sent, snapshot),
      () => {
        this.#counted.failed += 1;
      },
    );
    return isNew;
  }

  #caller(): string {
    return `viewer-${Math.floor(this.#callers.share() * VIEWERS)}`;
  }

  #give(sent: Sent, snapshot: Snapshot | null): void {
    const { now } = this.#clock;
    const isAfter = snapshot?.isFinal ?? false;
    if (this.#isCounting()) {
      this.#counted.given += 1;
      if (isAfter !== now >= sent.changesAt) this.#counted.untrue += 1;
      if (!isAfter) this.#counted.agesMs += Date.now() - (snapshot?.observedAt.getTime() ?? 0);
      if (isAfter && sent.isSeenBefore) this.#toAnswer.push(now - sent.changesAt);
    }
    // A page of what is still open does not show it again.
    if (isAfter) this.#live.splice(this.#live.indexOf(sent), 1);
  }

  #source(): Source {
    const quota = this.#quota;
    return {
      reader: {
        originOf: () => 'provider',
        read: async (ref, { payment, cancellation }) => {
          if (!isSpare(payment)) await quota.take(payment, PATIENCE_MS, cancellation);
          else if (payment.how !== 'prepaid' && (await quota.takeSpare(payment)) > 0)
            throw new SpareQuotaUsedUp('PARTOO');
          return this.#answer(externalIdOf(ref));
        },
      },
      upstream: { quota, wayTo: () => WAY },
    };
  }

  async #answer(invitationId: string): Promise<ReviewInvitation> {
    const sent = this.#byId.get(invitationId);
    if (sent === undefined) throw new Error('nothing such was sent');
    const at = this.#clock.now;
    this.#calls.push(at);
    while ((this.#calls[this.#firstCall] ?? at) <= at - MINUTE) this.#firstCall += 1;
    if (this.#calls.length - this.#firstCall > LIMIT) this.#counted.refused += 1;
    if (this.#isCounting()) this.#counted.reads += 1;
    const isAfter = at >= sent.changesAt;
    await new Promise<void>((resolve) => setTimeout(resolve, LATENCY_MS));
    if (!isAfter) sent.isSeenBefore = true;
    else if (sent.isSeenBefore && !sent.isSeenAfter && this.#isCounting())
      this.#toRead.push(this.#clock.now - sent.changesAt);
    sent.isSeenAfter ||= isAfter;
    const deliveryStatus = isAfter ? 'DELIVERED' : 'SENT';
    return { type: 'ReviewInvitation', invitationId, deliveryStatus, rawStatus: deliveryStatus };
  }

  #noteWait(): void {
    const { now } = this.#clock;
    const waits = this.#waits;
    if (waits === undefined || waits.size === 0 || !this.#isCounting()) return;
    const roundMs = waits.size * MS_A_READ;
    this.#counted.longestWait = Math.max(this.#counted.longestWait, (now - waits.longestFrom) / roundMs);
  }

  #outcome(hours: number): Outcome {
    const { given, untrue, agesMs, reads, refused, longestWait, failed } = this.#counted;
    const {
      reads: foreseen = 0,
      changed = 0,
      expected = 0,
    } = this.#snapshots.learning.get('ReviewInvitation')?.foresight ?? {};
    const seconds = ((hours / 2) * HOUR) / SECOND;
    return {
      untrue: untrue / given,
      changeToRead: mean(this.#toRead) / SECOND,
      changeToAnswer: mean(this.#toAnswer) / SECOND,
      changeToAnswerP90: quantile(this.#toAnswer, 0.9) / SECOND,
      meanAge: agesMs / given / SECOND,
      longestWait,
      reads,
      quotaUsed: reads / ((seconds / 61) * LIMIT),
      refused,
      failed,
      wanted: this.#waits?.size ?? 0,
      changed: changed / foreseen,
      expected: expected / foreseen,
    };
  }
}

const WAY: Way = { hasRoom: () => true, isCrowded: () => false, circuit: () => 'CLOSED' };
