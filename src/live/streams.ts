// The streams that are open: subscribes first and reads then, so that no change falls between; bounds how long each
// lives; ends each when everything in it is final, and all when the process goes. What its viewer is not
// granted is left out as what is not there is, and is watched nowhere; what is granted in part is cut to that.

import { type Rate, tooManyRefs } from '../access/caller-rate.ts';
import type { Viewer } from '../access/viewer.ts';
import { Problem, ProblemOfRef, TooManyStreams } from '../invitation/problem.ts';
import type { Ref } from '../invitation/ref.ts';
import type { Snapshot } from '../invitation/snapshot.ts';
import type { Snapshots } from '../snapshots/snapshots.ts';
import { CallerGone, Cancellation } from '../upstream/cancellation.ts';
import type { Changes } from './changes.ts';
import { createFeed, type Feed } from './feed.ts';
import type { StreamPlaces } from './stream-places.ts';
import { View } from './view.ts';
import type { Watcher } from './watcher.ts';

export interface Streams {
  /**
   * The current state of each ref at once, then every change of it; a ref that cannot be read now is told as a
   * ProblemOfRef, and its state follows when it can be.
   * @param withExtras Whether a first state that has to be read is read with its extras.
   * @throws TooManyStreams where this caller, or the process, has as many as it may; CallerRateLimited or BadUserInput
   * where it asks for more that is not at hand than it may.
   */
  open(
    refs: readonly Ref[],
    withExtras: boolean,
    viewer: Viewer,
  ): AsyncIterableIterator<Snapshot | ProblemOfRef, undefined>;
  /** Completes every stream, also those opened from now on. */
  stop(): void;
}

export interface StreamOptions {
  readonly places: StreamPlaces;
  /** What is charged for first states that are not answered from what is kept. */
  readonly rate: Rate;
  /** A stream is completed at a random moment between the two, in milliseconds, so that load spreads anew. */
  readonly lifetimeMs: readonly [number, number];
}

/** One that is open. */
interface Stream {
  /** As the caller gave them. */
  readonly refs: readonly Ref[];
  readonly withExtras: boolean;
  readonly viewer: Viewer;
  readonly view: View;
  /** What is still watched, by key. */
  readonly live: ReadonlyMap<string, () => void>;
  readonly feed: Feed<Snapshot | ProblemOfRef>;
  /** Cancelled when its reader has left. */
  readonly gone: Cancellation;
  give(key: string, snapshot: Snapshot): void;
  /** Nothing more comes of this one. */
  finish(key: string): void;
}

export function createStreams(
  snapshots: Snapshots,
  changes: Changes,
  watcher: Watcher,
  { places, rate, lifetimeMs }: StreamOptions,
): Streams {
  const feeds = new Set<Feed<Snapshot | ProblemOfRef>>();
  let isStopped = false;

  return {
    open(refs, withExtras, viewer) {
      if (!places.hasOneFor(viewer.id)) throw new TooManyStreams();
      const distinct = new Map(isStopped ? [] : refs.map((ref) => [ref.key, ref]));
      const view = new View(viewer.grants, distinct.values());
      charge(viewer, distinct, view);
      const gone = new Cancellation();
      // What is still watched, and how each watch is ended. There are thousands of streams of many refs each, so that
      // there is one listener a stream, and nothing else a ref.
      const live = new Map<string, () => void>();

      const finish = (key: string) => {
        changes.unsubscribe(key, give);
        live.get(key)?.();
        live.delete(key);
        if (live.size === 0) feed.complete();
      };
      const give = (key: string, snapshot: Snapshot) => {
        const news = view.newsIn(key, snapshot);
        if (news === null) return;
        feed.push(key, news);
        if (news.isFinal) finish(key);
      };
      const feed = createFeed<Snapshot | ProblemOfRef>(() => {
        clearTimeout(lifetime);
        gone.cancel(new CallerGone());
        for (const [key, endWatch] of live) {
          changes.unsubscribe(key, give);
          endWatch();
        }
        live.clear();
        feeds.delete(feed);
        places.giveBack(viewer.id);
      });
      const [shortest, longest] = lifetimeMs;
      const lifetime = setTimeout(feed.complete, shortest + Math.random() * (longest - shortest)).unref();
      feeds.add(feed);
      places.take(viewer.id);

      for (const [key, ref] of distinct) {
        if (view.isGranted(key)) changes.subscribe(key, give);
        live.set(key, view.isGranted(key) ? watcher.watch(ref) : WATCHED_NOWHERE);
      }
      const stream = { refs, withExtras, viewer, view, live, feed, gone, give, finish };
      for (const [key, ref] of distinct) void (view.isGranted(key) ? tellState(ref, stream) : tellNothing(key, stream));
      if (live.size === 0) feed.complete();
      return feed;
    },
    stop() {
      isStopped = true;
      for (const feed of feeds) feed.complete();
    },
  };

  /** @throws CallerRateLimited where the viewer may not ask for so much that is not at hand. */
  function charge(viewer: Viewer, distinct: ReadonlyMap<string, Ref>, view: View): void {
    let count = 0;
    for (const [key, ref] of distinct) {
      const known = view.isGranted(key) ? snapshots.peek(ref) : null;
      if (known === null || view.shownOf(key, known) === null) count += 1;
    }
    const waitMs = count === 0 ? 0 : rate.take(viewer.id, count);
    if (waitMs > 0) throw tooManyRefs(waitMs, rate);
  }

  /** What is not granted is over as soon as what is known not to exist, and is charged as that is. */
  async function tellNothing(key: string, { viewer, live, finish }: Stream): Promise<void> {
    await NOTHING;
    rate.charge(viewer.id, 1);
    if (live.has(key)) finish(key);
  }

  /** The first state of one ref; a change that came meanwhile is newer, and stays. */
  async function tellState(ref: Ref, stream: Stream): Promise<void> {
    const { refs, withExtras, viewer, view, live, feed, gone, give, finish } = stream;
    const key = ref.key;
    let hasChanged = false;
    const onChange = () => {
      hasChanged = true;
    };
    changes.subscribe(key, onChange);
    try {
      // A known state is sent at once, and its extras are looked up as with every change: those read before may be older.
      const wish = {
        withExtras: withExtras && view.isGrantedWhole(key) && snapshots.peek(ref) === null,
        maxAgeMs: null,
        caller: gone,
        callerId: viewer.id,
        isPatient: true,
      };
      const snapshot = await snapshots.read(ref, wish);
      const isThere = snapshot !== null && view.shownOf(key, snapshot) !== null;
      if (!isThere) rate.charge(viewer.id, 1);
      if (!live.has(key)) return;
      // What a read has brought was told as a change too, and shows nothing where the viewer's part is not in it.
      if (!isThere && (snapshot !== null || !hasChanged)) finish(key);
      else if (snapshot !== null && !hasChanged) give(key, snapshot);
    } catch (problem) {
      if (hasChanged || !live.has(key) || !(problem instanceof Problem)) return;
      const refIndex = refs.findIndex((each) => each.key === key);
      feed.push(key, new ProblemOfRef(problem, refIndex));
    } finally {
      changes.unsubscribe(key, onChange);
    }
  }
}

const NOTHING = Promise.resolve(null);
const WATCHED_NOWHERE = () => undefined;
