// One stream that is open: tells the state of each of its refs at once, and every change from then on. It subscribes first
// and reads then, so that no change falls between. What its viewer is not granted is left out as what is not there is, and
// is watched nowhere; what is granted in part is cut to that.

import type { Rate } from '../access/caller-rate.ts';
import { Charges } from '../access/charges.ts';
import type { Viewer } from '../access/viewer.ts';
import { kindOf } from '../invitation/kinds.ts';
import { Problem, ProblemOfRef } from '../invitation/problem.ts';
import type { Ref } from '../invitation/ref.ts';
import type { Snapshot } from '../invitation/snapshot.ts';
import type { GivenListener } from '../snapshots/given.ts';
import type { Snapshots } from '../snapshots/snapshots.ts';
import { CallerGone, Cancellation } from '../upstream/cancellation.ts';
import type { Changes } from './changes.ts';
import { createFeed, type Feed, type FeedListener } from './feed.ts';
import { View } from './view.ts';
import type { Watcher } from './watcher.ts';

export interface StreamWish {
  /** As the caller gave them. */
  readonly refs: readonly Ref[];
  /** Whether a first state that has to be read is read with its extras. */
  readonly withExtras: boolean;
  readonly viewer: Viewer;
  /** Told how each first state is answered. */
  readonly given?: GivenListener | undefined;
}

/** What streams of one tenant work with. */
export interface StreamRooms {
  readonly snapshots: Pick<Snapshots, 'answer' | 'read' | 'peek'>;
  readonly changes: Changes;
  readonly watcher: Watcher;
  /** What is charged for first states that are not answered from what is kept. */
  readonly rate: Rate;
  /** Undefined where nobody listens. */
  readonly feeds?: FeedListener | undefined;
}

export class Stream {
  readonly viewer: Viewer;
  readonly feed: Feed<Snapshot | ProblemOfRef>;
  readonly #wish: StreamWish;
  readonly #rooms: StreamRooms;
  readonly #view: View;
  readonly #charges: Charges;
  readonly #distinct: ReadonlyMap<string, Ref>;
  /** The states that are told at once, by key; empty from then on. */
  readonly #known: Map<string, Snapshot>;
  /** What is still watched, and how each watch is ended. */
  readonly #live = new Map<string, () => void>();
  /** Cancelled when its reader has left. */
  readonly #gone = new Cancellation();

  /**
   * @param onEnd Called once, when it is complete or its reader has left.
   * @throws CallerRateLimited or BadUserInput where it asks for more that is not at hand than the viewer may.
   */
  constructor(wish: StreamWish, rooms: StreamRooms, onEnd: () => void) {
    this.#wish = wish;
    this.#rooms = rooms;
    this.viewer = wish.viewer;
    this.#distinct = new Map(wish.refs.map((ref) => [ref.key, ref]));
    this.#view = new View(wish.viewer.grants, this.#distinct.values());
    this.#charges = new Charges(rooms.rate, wish.viewer.id);
    this.#known = this.#findKnown();
    const refused = this.#charges.take([...this.#distinct.values()].filter(({ key }) => !this.#known.has(key)));
    if (refused !== undefined) throw refused;
    this.feed = createFeed(() => {
      this.#release();
      onEnd();
    }, rooms.feeds);
  }

  /** In the turn in which it was made: what was known then is still the newest state. */
  begin(): void {
    const { changes, watcher } = this.#rooms;
    for (const [key, ref] of this.#distinct) {
      const isGranted = this.#view.isGranted(key);
      if (isGranted) changes.subscribe(key, this.#give);
      this.#live.set(key, isGranted ? watcher.watch(ref) : WATCHED_NOWHERE);
    }
    for (const [key, ref] of this.#distinct) {
      const known = this.#known.get(key);
      this.#known.delete(key);
      if (known !== undefined) this.#give(key, known);
      else void (this.#view.isGranted(key) ? this.#readFirst(ref) : this.#tellNothing(ref));
    }
    if (this.#live.size === 0) this.feed.complete();
  }

  #findKnown(): Map<string, Snapshot> {
    const known = new Map<string, Snapshot>();
    for (const [key, ref] of this.#distinct) {
      // Extras are looked up as with every change: those that were read before may be older.
      const snapshot = this.#view.isGranted(key)
        ? this.#rooms.snapshots.answer(ref, false, null, this.#wish.given)
        : null;
      if (snapshot && this.#view.shownOf(key, snapshot) !== null) known.set(key, snapshot);
    }
    return known;
  }

  // There are thousands of streams of many refs each: one listener a stream, and nothing else a ref.
  readonly #give = (key: string, snapshot: Snapshot): void => {
    const news = this.#view.newsIn(key, snapshot);
    if (news === null) return;
    this.feed.push(key, news);
    if (news.isFinal) this.#finish(key);
  };

  /** Nothing more comes of this one. */
  #finish(key: string): void {
    this.#rooms.changes.unsubscribe(key, this.#give);
    this.#live.get(key)?.();
    this.#live.delete(key);
    if (this.#live.size === 0) this.feed.complete();
  }

  #release(): void {
    this.#gone.cancel(new CallerGone());
    for (const [key, endWatch] of this.#live) {
      this.#rooms.changes.unsubscribe(key, this.#give);
      endWatch();
    }
    this.#live.clear();
  }

  /** What is not granted is over as soon as what is known not to exist, and is charged as that is. */
  async #tellNothing(ref: Ref): Promise<void> {
    this.#wish.given?.given(kindOf(ref).provider, 'not_granted', Number.NaN);
    await NOTHING;
    this.#charges.miss([ref]);
    if (this.#live.has(ref.key)) this.#finish(ref.key);
  }

  /** The first state of what has to be read; a change that came meanwhile is newer, and stays. */
  async #readFirst(ref: Ref): Promise<void> {
    const { key } = ref;
    const { changes, snapshots } = this.#rooms;
    let hasChanged = false;
    const onChange = () => {
      hasChanged = true;
    };
    changes.subscribe(key, onChange);
    try {
      const wish = {
        withExtras: this.#wish.withExtras && this.#view.isGrantedWhole(key) && snapshots.peek(ref) === null,
        maxAgeMs: null,
        caller: this.#gone,
        callerId: this.viewer.id,
        isPatient: true,
        given: this.#wish.given,
      };
      const snapshot = await snapshots.read(ref, wish);
      const isThere = snapshot !== null && this.#view.shownOf(key, snapshot) !== null;
      if (!isThere) this.#charges.miss([ref]);
      if (!this.#live.has(key)) return;
      // What a read has brought was told as a change too, and shows nothing where the viewer's part is not in it.
      if (!isThere && (snapshot !== null || !hasChanged)) this.#finish(key);
      else if (snapshot !== null && !hasChanged) this.#give(key, snapshot);
    } catch (problem) {
      if (hasChanged || !this.#live.has(key) || !(problem instanceof Problem)) return;
      const refIndex = this.#wish.refs.findIndex((each) => each.key === key);
      this.feed.push(key, new ProblemOfRef(problem, refIndex));
    } finally {
      changes.unsubscribe(key, onChange);
    }
  }
}

const NOTHING = Promise.resolve(null);
const WATCHED_NOWHERE = () => undefined;
